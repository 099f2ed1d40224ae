import { useState } from 'react';
import { useQuery } from 'urql';
import { ServicesDocument } from '../../generated/operations.js';
import { refusalOf } from '../client/refusal.js';
import { Refused } from '../controls/refused.js';
import { useNowAndThen } from '../controls/use-now-and-then.js';
import { useTitle } from '../controls/use-title.js';
import { Link } from '../navigation/link.js';
import { usePlace } from '../places/places.js';
import { ServiceRow } from './service-row.js';

/** No event tells of services that others make: they are looked for. */
const LOOK_MS = 15_000;

/** The services of one environment; each row changes as its service does. */
export function ServicesPage() {
  const { team, environment } = usePlace();
  const place = `${team.id} ${environment.name}`;
  const [page, setPage] = useState<{ place: string; after: string | null }>({ place, after: null });
  const after = page.place === place ? page.after : null;
  const [{ data, error }, ask] = useQuery({ query: ServicesDocument, variables: { teamId: team.id, environment: environment.name, after }, requestPolicy: 'cache-and-network' });
  useTitle('Services');
  useNowAndThen(LOOK_MS, () => ask({ requestPolicy: 'network-only' }));

  const { nodes = [], pageInfo } = data?.services ?? {};
  return (
    <>
      <div className="heading">
        <h1>Services</h1>
        {environment.deploys && <Link to="/deploy" className="button main">Deploy a service</Link>}
      </div>
      <Refused refusal={error ? refusalOf(error) : null} />
      {data && nodes.length === 0 && <p>There is no service in {environment.name} of {team.name} yet.</p>}
      {!data && !error && <p role="status">Loading …</p>}
      {nodes.length > 0 && (
        <div className="scroll">
          <table>
            <thead><tr><th scope="col">Name</th><th scope="col">Status</th><th scope="col">Replicas</th><th scope="col">Image</th><th scope="col">Address</th></tr></thead>
            <tbody>{nodes.map((service) => <ServiceRow key={service.id} service={service} />)}</tbody>
          </table>
        </div>
      )}
      {(after !== null || pageInfo?.hasNextPage) && (
        <p className="actions">
          {after !== null && <button onClick={() => setPage({ place, after: null })}>First page</button>}
          {pageInfo?.hasNextPage && <button onClick={() => setPage({ place, after: pageInfo.endCursor })}>Next page</button>}
        </p>
      )}
    </>
  );
}
