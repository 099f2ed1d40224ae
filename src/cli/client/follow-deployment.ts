import { Problem } from '../problem.js';
import type { Progress } from '../progress.js';
import type { GraphqlClient } from './graphql-client.js';
import { PROGRESS, type Deployment, type Service } from './operations.js';

/** Shows how far a service's deployment is, its newest, until it has ended. One that did not become live is a `Problem`. */
export async function followDeployment(client: GraphqlClient, service: Pick<Service, 'name' | 'latestDeployment'>, progress: Progress, signal: AbortSignal): Promise<void> {
  const { latestDeployment } = service;
  if (!latestDeployment) return;
  await progress.step(`Deploying ${service.name}`, async (step) => {
    let deployment: Deployment = latestDeployment;
    for await (const event of client.follow(PROGRESS, { deploymentId: deployment.id }, signal)) {
      deployment = event.progress.deployment;
      step.at([event.progress.event.state, event.progress.event.message].filter(Boolean).join(', '));
    }
    if (signal.aborted) throw new Problem(`The deployment goes on: "./apex services" shows how it ends.`, 130);
    if (deployment.state !== 'LIVE') throw new Problem(`The deployment ended as ${deployment.state}${deployment.reason ? `: ${deployment.reason.message}` : '.'}`);
    step.becomes(`${service.name} is live`);
  });
}
