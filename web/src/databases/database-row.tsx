import { useState } from 'react';
import { DeleteDatabaseDocument, PauseDatabaseDocument, UndeleteDatabaseDocument, type DatabasesQuery } from '../../generated/operations.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { Status } from '../services/status.js';
import { Connection } from './connection.js';
import { LinkForm } from './link-form.js';

export type ListedDatabase = DatabasesQuery['databases']['nodes'][number];

/** One database of the list, with what the viewer may do with it. */
export function DatabaseRow({ database, changed }: { database: ListedDatabase; changed: () => void }) {
  const { id, name, type, version, size, storage, status, statusMessage, paused, purgeAt } = database;
  const [open, setOpen] = useState<'connection' | 'link' | 'delete' | null>(null);
  const pause = useAction(PauseDatabaseDocument);
  const remove = useAction(DeleteDatabaseDocument);
  const bringBack = useAction(UndeleteDatabaseDocument);
  const isRunning = pause.isRunning || remove.isRunning || bringBack.isRunning;
  const isDeleted = status === 'DELETED';
  const toggle = (what: typeof open): void => setOpen(open === what ? null : what);
  const then = async (done: Promise<unknown>): Promise<void> => {
    if (!(await done)) return;
    setOpen(null);
    changed();
  };
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <Status of={status} />
        {statusMessage && <p className="hint">{statusMessage}</p>}
        {isDeleted && purgeAt && <p className="hint">Kept until {new Date(purgeAt).toLocaleString()}.</p>}
      </td>
      <td>{type} {version}</td>
      <td>{size}, {storage}</td>
      <td>
        <span className="actions">
          {!isDeleted && database.canConnect && <button aria-expanded={open === 'connection'} onClick={() => toggle('connection')}>Connection</button>}
          {!isDeleted && database.canLink && <button aria-expanded={open === 'link'} onClick={() => toggle('link')}>Link</button>}
          {!isDeleted && database.canPause && <button disabled={isRunning} onClick={() => void then(pause.run({ id, pause: !paused }))}>{paused ? 'Resume' : 'Pause'}</button>}
          {!isDeleted && database.canDelete && <button aria-expanded={open === 'delete'} onClick={() => toggle('delete')}>Delete</button>}
          {isDeleted && database.canDelete && <button disabled={isRunning} onClick={() => void then(bringBack.run({ id }))}>Bring back</button>}
        </span>
        <Refused refusal={pause.refusal ?? remove.refusal ?? bringBack.refusal} />
        {open === 'connection' && <Connection id={id} />}
        {open === 'link' && <LinkForm databaseId={id} done={() => setOpen(null)} />}
        {open === 'delete' && (
          <p className="notice">{name} stops at once. Its content is kept for some days, in which it can be brought back. <button className="danger" disabled={isRunning} onClick={() => void then(remove.run({ id }))}>Delete {name}</button></p>
        )}
      </td>
    </tr>
  );
}
