import { useState, type FormEvent } from 'react';
import { useQuery } from 'urql';
import { RestoreBackupDocument, RestoreDocument } from '../../generated/operations.js';
import { faultOf } from '../client/fault-of.js';
import { refusalOf } from '../client/refusal.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { useNowAndThen } from '../controls/use-now-and-then.js';
import { Status } from '../services/status.js';

const LOOK_MS = 2_000;

/** Brings a backup into a new database, or into the one that it is of; there only after a second look. */
export function RestoreForm({ backupId, name, mayReplace, changed }: { backupId: string; name: string; mayReplace: boolean; changed: () => void }) {
  const { run, isRunning, refusal } = useAction(RestoreBackupDocument);
  const [newName, setNewName] = useState(`${name}-restored`);
  const [isSure, setSure] = useState(false);
  const [restoreId, setRestoreId] = useState<string | null>(null);
  const begin = async (into?: string): Promise<void> => {
    const begun = await run({ backupId, ...(into && { name: into }) });
    if (!begun) return;
    setRestoreId(begun.restoreBackup.id);
    changed();
  };
  if (restoreId) return <RestoreProgress id={restoreId} />;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void begin(newName.trim());
  };
  return (
    <form aria-label="Restore" onSubmit={submit}>
      <Refused refusal={refusal} shown={['name']} />
      <Field label="Name of the new database" required spellCheck={false} value={newName} fault={faultOf(refusal, 'name')} onChange={(event) => setNewName(event.target.value)} />
      <p className="actions">
        <button className="main" disabled={isRunning}>Restore into a new database</button>
        {mayReplace && !isSure && <button type="button" onClick={() => setSure(true)}>Replace the content of {name} …</button>}
        {mayReplace && isSure && <button type="button" className="danger" disabled={isRunning} onClick={() => void begin()}>Replace it: what {name} has now is lost</button>}
      </p>
    </form>
  );
}

function RestoreProgress({ id }: { id: string }) {
  const [{ data, error }, ask] = useQuery({ query: RestoreDocument, variables: { id }, requestPolicy: 'network-only' });
  const isOver = data && data.restore.state !== 'RUNNING';
  useNowAndThen(LOOK_MS, () => isOver || ask({ requestPolicy: 'network-only' }));
  if (error && !data) return <Refused refusal={refusalOf(error)} />;
  if (!data) return <p role="status">Loading …</p>;
  return <p role="status">Restore: <Status of={data.restore.state} /> {data.restore.message}</p>;
}
