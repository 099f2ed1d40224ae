import { useState } from 'react';
import { useQuery } from 'urql';
import { BackupsDocument, CreateBackupDocument, DeleteBackupDocument, type BackupsQuery } from '../../generated/operations.js';
import { refusalOf } from '../client/refusal.js';
import { Ago } from '../controls/ago.js';
import { bytesInWords } from '../controls/bytes-in-words.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { useNowAndThen } from '../controls/use-now-and-then.js';
import { Status } from '../services/status.js';
import { BackupScheduleForm } from './backup-schedule-form.js';
import { DownloadBackup } from './download-backup.js';
import { RestoreForm } from './restore-form.js';

const LOOK_MS = 3_000;
const WHY: Record<string, string> = { API: 'asked for', SCHEDULE: 'by the schedule', FINAL: 'before the deletion' };

type ListedBackup = BackupsQuery['backups']['nodes'][number];

interface BackupsProps {
  databaseId: string;
  name: string;
  /** Whether the viewer may make, restore and delete them here. */
  mayChange: boolean;
  /** Whether the viewer may have their content: also while a deleted database is kept. */
  mayRead: boolean;
  changed: () => void;
}

/** The backups of one database: made, brought back, downloaded, deleted and asked for by a schedule. */
export function Backups({ databaseId, name, mayChange, mayRead, changed }: BackupsProps) {
  const [{ data, error }, ask] = useQuery({ query: BackupsDocument, variables: { databaseId }, requestPolicy: 'cache-and-network' });
  const make = useAction(CreateBackupDocument);
  const remove = useAction(DeleteBackupDocument);
  const [restoring, setRestoring] = useState<string | null>(null);
  const look = (): void => ask({ requestPolicy: 'network-only' });
  useNowAndThen(LOOK_MS, look);
  const then = async (done: Promise<unknown>): Promise<void> => void ((await done) && look());
  if (error && !data) return <Refused refusal={refusalOf(error)} />;
  if (!data) return <p role="status">Loading …</p>;
  const { backups: { nodes }, backupSchedule: schedule } = data;
  const isRunning = make.isRunning || remove.isRunning;
  const line = (backup: ListedBackup) => (
    <li key={backup.id}>
      <p>
        <Status of={backup.state} /> <Ago at={backup.createdAt} />, {WHY[backup.trigger]}
        {backup.size !== null && <>, {bytesInWords(backup.size)}</>}
        {backup.endedAt && <>, in {seconds(backup)} s</>}
      </p>
      {backup.message && <p className="fault">{backup.message}</p>}
      <span className="actions">
        {backup.state === 'DONE' && mayRead && <DownloadBackup backupId={backup.id} size={backup.contentSize ?? 0} />}
        {backup.state === 'DONE' && mayRead && <button aria-expanded={restoring === backup.id} onClick={() => setRestoring(restoring === backup.id ? null : backup.id)}>Restore</button>}
        {backup.state !== 'RUNNING' && mayChange && <button disabled={isRunning} onClick={() => void then(remove.run({ id: backup.id }))}>Delete backup</button>}
      </span>
      {restoring === backup.id && <RestoreForm backupId={backup.id} name={name} mayReplace={mayChange} changed={changed} />}
    </li>
  );
  return (
    <section aria-label={`Backups of ${name}`}>
      {mayChange && <p className="actions"><button className="main" disabled={isRunning} onClick={() => void then(make.run({ databaseId }))}>Back up now</button></p>}
      <Refused refusal={make.refusal ?? remove.refusal} />
      {nodes.length === 0 && <p>There is no backup of {name} yet.</p>}
      {nodes.length > 0 && <ul className="backups">{nodes.map(line)}</ul>}
      <BackupScheduleForm key={schedule?.cron} databaseId={databaseId} schedule={schedule ?? null} mayChange={mayChange} changed={look} />
    </section>
  );
}

const seconds = ({ createdAt, endedAt }: ListedBackup): number => Math.max(1, Math.round((Date.parse(endedAt!) - Date.parse(createdAt)) / 1000));
