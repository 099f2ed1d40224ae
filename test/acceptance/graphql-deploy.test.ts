import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { graphqlClient, type GraphqlClient } from './graphql-client.js';
import { until, visit } from './rest-client.js';

const SERVICE = 'id status url readyReplicas latestDeployment { id }';

describe('a deploy, over GraphQL', () => {
  let server: TestServer;
  let graph: GraphqlClient;

  beforeAll(async () => {
    server = await startTestServer({ cluster: true });
    graph = graphqlClient(server.url, server.token, server.log);
  }, 120_000);
  afterAll(async () => {
    await graph?.close();
    await server?.stop();
  }, 120_000);

  it('prints its progress to the end, and then its live log lines', async () => {
    const { deployService: service } = await graph.run(`mutation ($input: DeployServiceInput!) { deployService(input: $input) { ${SERVICE} } }`, {
      input: { name: 'hello', image: 'apex.local/hello', containerPort: 8080, public: true, env: { GREETING: 'hi' } },
    });

    const states: string[] = [];
    const cursors: string[] = [];
    const progress = 'subscription ($id: ID!, $after: String) { deploymentProgress(deploymentId: $id, after: $after) { cursor event { number state step stepState message } deployment { state } } }';
    for await (const { deploymentProgress } of graph.subscribe(progress, { id: service.latestDeployment.id })) {
      if (states.at(-1) !== deploymentProgress.event.state) states.push(deploymentProgress.event.state);
      cursors.push(deploymentProgress.cursor);
    }
    expect(states).toEqual(['QUEUED', 'PREPARING', 'ROLLING_OUT', 'LIVE']);

    const resumed: string[] = [];
    for await (const { deploymentProgress } of graph.subscribe(progress, { id: service.latestDeployment.id, after: cursors[1] })) resumed.push(deploymentProgress.cursor);
    expect(resumed).toEqual(cursors.slice(2));

    const { service: running } = await until('it runs', () => graph.run(`query ($id: ID!) { service(id: $id) { ${SERVICE} } }`, { id: service.id }), (data) => data.service.status === 'RUNNING');
    const lines: string[] = [];
    const logs = graph.subscribe('subscription ($id: ID!) { serviceLogs(serviceId: $id, tail: 100) { lines { message } dropped gap cursor } }', { id: service.id });
    for await (const { serviceLogs } of logs) {
      const seen = serviceLogs.lines.map((line: { message: string }) => line.message);
      if (seen.some((message: string) => message.startsWith('variables:'))) expect(seen.join('\n')).toContain('GREETING');
      if (lines.length === 0) void visit(running.url, '/seen-live');
      lines.push(...seen);
      if (lines.some((message) => message.includes('/seen-live'))) break;
    }
    expect(lines.join('\n')).toMatch(/GET "\/seen-live" 404|GET "\/seen-live" 200/);
  }, 180_000);

  it('says within seconds why an image does not run', async () => {
    const { deployService: service } = await graph.run(`mutation ($input: DeployServiceInput!) { deployService(input: $input) { ${SERVICE} } }`, {
      input: { name: 'no-such-image', image: 'apex.local/no-such-image:1', containerPort: 80 },
    });
    const progress = 'subscription ($id: ID!) { deploymentProgress(deploymentId: $id) { deployment { state reason { code message } } } }';
    let last: any;
    for await (const { deploymentProgress } of graph.subscribe(progress, { id: service.latestDeployment.id })) last = deploymentProgress.deployment;
    expect(last).toMatchObject({ state: 'FAILED', reason: { code: 'IMAGE_NOT_FOUND', message: expect.stringContaining('apex.local/no-such-image:1') } });
  }, 60_000);
});
