import { useEffect, useEffectEvent, useState } from 'react';
import { useQuery } from 'urql';
import { CancelDeploymentDocument, DeploymentProgressDocument, DeploymentsDocument, RollbackDocument, type DeploymentLineFragment, type ServiceDetailFragment } from '../../generated/operations.js';
import { useLive } from '../client/live-context.js';
import { refusalOf } from '../client/refusal.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { DeploymentItem } from './deployment-item.js';

/** What a service has run, newest first; the one that is under way changes as it goes on. */
export function Deployments({ service }: { service: ServiceDetailFragment }) {
  const [{ data, error }, ask] = useQuery({ query: DeploymentsDocument, variables: { serviceId: service.id }, requestPolicy: 'cache-and-network' });
  const [live, setLive] = useState<DeploymentLineFragment | null>(null);
  const rollback = useAction(RollbackDocument);
  const cancel = useAction(CancelDeploymentDocument);
  const look = useEffectEvent(() => ask({ requestPolicy: 'network-only' }));
  const { latestDeployment: latest, currentDeployment: current } = service;
  const isUnderWay = latest !== null && !isOver(latest.state);
  useLive(DeploymentProgressDocument, isUnderWay ? { deploymentId: latest.id } : null, ({ deploymentProgress }) => setLive(deploymentProgress.deployment), true);
  useEffect(() => void look(), [latest?.id, latest?.state]);

  const listed = data?.deployments.nodes ?? [];
  // What is told of the one under way is newer than the list, until the list has its end.
  const shown = listed.map((deployment) => (live?.id === deployment.id && !isOver(deployment.state) ? live : deployment));
  if (live && live.id === latest?.id && !listed.some(({ id }) => id === live.id)) shown.unshift(live);
  return (
    <section aria-labelledby="deployments">
      <h2 id="deployments">Deployments</h2>
      <Refused refusal={(error && refusalOf(error)) ?? rollback.refusal ?? cancel.refusal} />
      <ol className="deployments">
        {shown.map((deployment) => (
          <DeploymentItem key={deployment.id} deployment={deployment} isCurrent={deployment.id === current?.id}>
            {service.canRollback && deployment.state === 'LIVE' && deployment.release !== null && deployment.release !== current?.release && (
              <button disabled={rollback.isRunning} onClick={() => void rollback.run({ id: service.id, toRelease: deployment.release as number })}>Roll back to release {deployment.release}</button>
            )}
            {service.canRedeploy && !isOver(deployment.state) && <button disabled={cancel.isRunning} onClick={() => void cancel.run({ id: deployment.id })}>Cancel</button>}
          </DeploymentItem>
        ))}
      </ol>
      {data?.deployments.pageInfo.hasNextPage && <p className="hint">These are the newest 20.</p>}
    </section>
  );
}

const isOver = (state: DeploymentLineFragment['state']): boolean => state === 'LIVE' || state === 'FAILED' || state === 'CANCELED' || state === 'SUPERSEDED';
