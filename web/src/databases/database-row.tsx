import { useState } from 'react';
import { DeleteDatabaseDocument, PauseDatabaseDocument, UndeleteDatabaseDocument, type DatabasesQuery } from '../../generated/operations.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { Status } from '../services/status.js';
import { Backups } from './backups.js';
import { Connection } from './connection.js';
import { LinkForm } from './link-form.js';
import { ResizeForm } from './resize-form.js';

export type ListedDatabase = DatabasesQuery['databases']['nodes'][number];

/** One database of the list, with what the viewer may do with it. */
export function DatabaseRow({ database, changed }: { database: ListedDatabase; changed: () => void }) {
  const { id, name, type, version, size, storage, status, statusMessage, paused, purgeAt, finalBackupId, lastBackup } = database;
  const [open, setOpen] = useState<'connection' | 'link' | 'backups' | 'resize' | 'delete' | null>(null);
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
        {isDeleted && purgeAt && <p className="hint">Kept with its backups until {new Date(purgeAt).toLocaleString()}.</p>}
        {finalBackupId && <p className="hint">It is deleted once its final backup is made.</p>}
        {lastBackup?.state === 'FAILED' && <p className="fault">Its last backup failed. {lastBackup.message}</p>}
      </td>
      <td>{type} {version}</td>
      <td>{size}, {storage}</td>
      <td>
        <span className="actions">
          {!isDeleted && database.canConnect && <button aria-expanded={open === 'connection'} onClick={() => toggle('connection')}>Connection</button>}
          {!isDeleted && database.canLink && <button aria-expanded={open === 'link'} onClick={() => toggle('link')}>Link</button>}
          <button aria-expanded={open === 'backups'} onClick={() => toggle('backups')}>Backups</button>
          {!isDeleted && database.canResize && <button aria-expanded={open === 'resize'} onClick={() => toggle('resize')}>Resize</button>}
          {!isDeleted && database.canPause && <button disabled={isRunning} onClick={() => void then(pause.run({ id, pause: !paused }))}>{paused ? 'Resume' : 'Pause'}</button>}
          {!isDeleted && database.canDelete && <button aria-expanded={open === 'delete'} onClick={() => toggle('delete')}>Delete</button>}
          {(isDeleted || finalBackupId) && database.canDelete && <button disabled={isRunning} onClick={() => void then(bringBack.run({ id }))}>{isDeleted ? 'Bring back' : 'Keep it'}</button>}
        </span>
        <Refused refusal={pause.refusal ?? remove.refusal ?? bringBack.refusal} />
        {open === 'connection' && <Connection id={id} mayRotate={database.canRotate} />}
        {open === 'link' && <LinkForm databaseId={id} done={() => setOpen(null)} />}
        {open === 'backups' && <Backups databaseId={id} name={name} mayChange={database.canBackUp && !isDeleted} mayRead={database.canBackUp} changed={changed} />}
        {open === 'resize' && <ResizeForm id={id} name={name} size={size} storage={storage} done={() => (setOpen(null), changed())} />}
        {open === 'delete' && (
          <p className="notice">A final backup of {name} is made, then it stops. Both are kept for 7 days, in which it can be brought back and the backup downloaded; then all of it is gone. <button className="danger" disabled={isRunning} onClick={() => void then(remove.run({ id }))}>Delete {name}</button></p>
        )}
      </td>
    </tr>
  );
}
