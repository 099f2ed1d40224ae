import { useQuery } from 'urql';
import { DatabaseConnectionDocument } from '../../generated/operations.js';
import { refusalOf } from '../client/refusal.js';
import { Refused } from '../controls/refused.js';

/** How services connect to a database, with its credentials. Each look is asked for anew, and is in the team's log. */
export function Connection({ id }: { id: string }) {
  const [{ data, error }] = useQuery({ query: DatabaseConnectionDocument, variables: { id }, requestPolicy: 'network-only' });
  if (error) return <Refused refusal={refusalOf(error)} />;
  if (!data) return <p role="status">Loading …</p>;
  const { url, host, port, username, password, database } = data.databaseConnection;
  const facts = { Address: url, Host: host, Port: port, User: username, Password: password, Database: database };
  return (
    <>
      <dl className="facts">{Object.entries(facts).map(([name, value]) => value !== null && <div key={name}><dt>{name}</dt><dd className="image">{value}</dd></div>)}</dl>
      <p className="hint">It is reached from services of its environment. That you looked is in the team&apos;s log.</p>
    </>
  );
}
