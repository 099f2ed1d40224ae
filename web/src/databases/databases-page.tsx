import { useState } from 'react';
import { useQuery } from 'urql';
import { DatabasesDocument } from '../../generated/operations.js';
import { refusalOf } from '../client/refusal.js';
import { Refused } from '../controls/refused.js';
import { useNowAndThen } from '../controls/use-now-and-then.js';
import { useTitle } from '../controls/use-title.js';
import { usePlace } from '../places/places.js';
import { CreateDatabaseForm } from './create-database-form.js';
import { DatabaseRow } from './database-row.js';

/** No event tells of databases. */
const LOOK_MS = 4_000;

/** The databases of one environment. */
export function DatabasesPage() {
  const { team, environment } = usePlace();
  const [{ data, error }, ask] = useQuery({ query: DatabasesDocument, variables: { teamId: team.id, environment: environment.name }, requestPolicy: 'cache-and-network' });
  const [isMaking, setMaking] = useState(false);
  const look = (): void => ask({ requestPolicy: 'network-only' });
  useTitle('Databases');
  useNowAndThen(LOOK_MS, look);
  const { nodes = [] } = data?.databases ?? {};
  return (
    <>
      <div className="heading">
        <h1>Databases</h1>
        {environment.deploys && <span className="actions"><button className="main" aria-expanded={isMaking} onClick={() => setMaking(!isMaking)}>New database</button></span>}
      </div>
      <Refused refusal={error ? refusalOf(error) : null} />
      {isMaking && <CreateDatabaseForm done={() => (setMaking(false), look())} />}
      {data && nodes.length === 0 && <p>There is no database in {environment.name} of {team.name} yet.</p>}
      {!data && !error && <p role="status">Loading …</p>}
      {nodes.length > 0 && (
        <div className="scroll">
          <table>
            <thead><tr><th scope="col">Name</th><th scope="col">Status</th><th scope="col">Engine</th><th scope="col">Size</th><th scope="col">Actions</th></tr></thead>
            <tbody>{nodes.map((database) => <DatabaseRow key={database.id} database={database} changed={look} />)}</tbody>
          </table>
        </div>
      )}
    </>
  );
}
