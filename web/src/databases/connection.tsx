import { useState } from 'react';
import { useQuery } from 'urql';
import { DatabaseConnectionDocument, RotateDatabaseCredentialsDocument } from '../../generated/operations.js';
import { refusalOf } from '../client/refusal.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';

/** How services connect to a database, with its credentials. Each look is asked for anew, and is in the team's log. */
export function Connection({ id, mayRotate }: { id: string; mayRotate: boolean }) {
  const rotate = useAction(RotateDatabaseCredentialsDocument);
  const [isSure, setSure] = useState(false);
  const [isRotated, setRotated] = useState(false);
  const [{ data, error }] = useQuery({ query: DatabaseConnectionDocument, variables: { id }, requestPolicy: 'network-only' });
  const renew = async (): Promise<void> => void ((await rotate.run({ id })) && setRotated(true));
  if (error) return <Refused refusal={refusalOf(error)} />;
  if (!data) return <p role="status">Loading …</p>;
  const { url, host, port, username, password, database } = data.databaseConnection;
  const facts = { Address: url, Host: host, Port: port, User: username, Password: password, Database: database };
  return (
    <>
      <dl className="facts">{Object.entries(facts).map(([name, value]) => value !== null && <div key={name}><dt>{name}</dt><dd className="image">{value}</dd></div>)}</dl>
      <Refused refusal={rotate.refusal} />
      {isRotated && <p role="status">The password changes now, and the services that are linked are deployed again with it. Open this anew to see it.</p>}
      {mayRotate && !isRotated && (isSure
        ? <p className="notice">Whoever holds the old password is refused from then on; linked services are deployed again. <button className="danger" disabled={rotate.isRunning} onClick={() => void renew()}>Change the password</button></p>
        : <p className="actions"><button onClick={() => setSure(true)}>New password …</button></p>)}
      <p className="hint">It is reached from services of its environment. That you looked is in the team&apos;s log.</p>
    </>
  );
}
