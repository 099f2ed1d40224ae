import { useState } from 'react';
import { useQuery } from 'urql';
import { DeliveriesDocument, RedeliverDocument, type DeliveriesQuery } from '../../generated/operations.js';
import { refusalOf } from '../client/refusal.js';
import { Ago } from '../controls/ago.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { useNowAndThen } from '../controls/use-now-and-then.js';
import { useTitle } from '../controls/use-title.js';
import { Link } from '../navigation/link.js';
import { usePlace } from '../places/places.js';
import { Status } from '../services/status.js';

const LOOK_MS = 5_000;

/** Deliveries of webhooks to the team, newest first, and what each did. */
export function DeliveriesPage() {
  const { team, environment } = usePlace();
  const [page, setPage] = useState<{ team: string; after: string | null }>({ team: team.id, after: null });
  const after = page.team === team.id ? page.after : null;
  const [{ data, error }, ask] = useQuery({ query: DeliveriesDocument, variables: { teamId: team.id, after }, requestPolicy: 'cache-and-network' });
  const redeliver = useAction(RedeliverDocument);
  useTitle('Deliveries');
  const look = (): void => ask({ requestPolicy: 'network-only' });
  useNowAndThen(LOOK_MS, look);
  const { nodes = [], pageInfo } = data?.webhookDeliveries ?? {};
  const again = async (id: string): Promise<void> => void ((await redeliver.run({ id })) && look());
  return (
    <>
      <h1>Deliveries</h1>
      <p className="hint">What the webhooks of repositories brought to {team.name}, and what became of it. They are kept for 30 days.</p>
      <Refused refusal={(error && refusalOf(error)) ?? redeliver.refusal} />
      {data && nodes.length === 0 && <p>Nothing has been delivered yet.</p>}
      {!data && !error && <p role="status">Loading …</p>}
      {nodes.length > 0 && (
        <div className="scroll">
          <table>
            <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Outcome</th><th scope="col">Services</th><th scope="col">Actions</th></tr></thead>
            <tbody>
              {nodes.map((delivery) => (
                <tr key={delivery.id}>
                  <td><Ago at={delivery.createdAt} /></td>
                  <td>{delivery.event}{delivery.action && `, ${delivery.action}`}{delivery.replayOf && ', again'}<p className="hint image">{[delivery.repository, delivery.ref, delivery.commit?.slice(0, 7)].filter(Boolean).join(' ')}</p></td>
                  <td><Status of={delivery.outcome} />{delivery.message && <p className="hint">{delivery.message}</p>}</td>
                  <td>{delivery.effects.map((effect) => <Effect key={effect.service.id} effect={effect} />)}</td>
                  <td>{environment.deploys && <button disabled={redeliver.isRunning} onClick={() => void again(delivery.id)}>Deliver again</button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(after !== null || pageInfo?.hasNextPage) && (
        <p className="actions">
          {after !== null && <button onClick={() => setPage({ team: team.id, after: null })}>Newest</button>}
          {pageInfo?.hasNextPage && <button onClick={() => setPage({ team: team.id, after: pageInfo.endCursor })}>Older</button>}
        </p>
      )}
    </>
  );
}

function Effect({ effect: { service, deployment, message } }: { effect: DeliveriesQuery['webhookDeliveries']['nodes'][number]['effects'][number] }) {
  return (
    <p><Link to={`/services/${service.id}`}>{service.name}</Link> in {service.environment.name} {deployment ? <Status of={deployment.state} /> : <span className="hint">{message}</span>}</p>
  );
}
