import { useState, type FormEvent } from 'react';
import { DeleteBackupScheduleDocument, SetBackupScheduleDocument, type BackupsQuery } from '../../generated/operations.js';
import { faultOf } from '../client/fault-of.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';

type Schedule = NonNullable<BackupsQuery['backupSchedule']>;

const FIELDS = ['cron', 'timeZone', 'keepCount', 'keepDays'];

/** When a database is backed up by itself, and for how long those are kept. */
export function BackupScheduleForm({ databaseId, schedule, mayChange, changed }: { databaseId: string; schedule: Schedule | null; mayChange: boolean; changed: () => void }) {
  const set = useAction(SetBackupScheduleDocument);
  const end = useAction(DeleteBackupScheduleDocument);
  const [isOpen, setOpen] = useState(false);
  const [cron, setCron] = useState(schedule?.cron ?? '30 3 * * *');
  const [timeZone, setTimeZone] = useState(schedule?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [keepCount, setKeepCount] = useState(String(schedule?.keepCount ?? 7));
  const [keepDays, setKeepDays] = useState(String(schedule?.keepDays ?? ''));
  const then = async (done: Promise<unknown>): Promise<void> => {
    if (!(await done)) return;
    setOpen(false);
    changed();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void then(set.run({ databaseId, input: { cron: cron.trim(), timeZone: timeZone.trim(), keepCount: Number(keepCount), keepDays: keepDays.trim() === '' ? null : Number(keepDays) } }));
  };
  return (
    <>
      <p>
        {schedule ? <>By itself: <code>{schedule.cron}</code> ({schedule.timeZone}), next {new Date(schedule.nextAt).toLocaleString()}; the newest {schedule.keepCount} are kept{schedule.keepDays !== null && <>, none older than {schedule.keepDays} days</>}.</> : 'It is not backed up by itself.'}
      </p>
      {schedule?.trouble && <p className="fault">{schedule.trouble}</p>}
      {mayChange && (
        <p className="actions">
          <button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>{schedule ? 'Change the schedule' : 'Back up on a schedule'}</button>
          {schedule && <button disabled={end.isRunning} onClick={() => void then(end.run({ databaseId }))}>End the schedule</button>}
        </p>
      )}
      <Refused refusal={end.refusal} />
      {isOpen && (
        <form aria-label="Schedule of backups" onSubmit={submit}>
          <Refused refusal={set.refusal} shown={FIELDS} />
          <Field label="When" required spellCheck={false} hint="Minute, hour, day of the month, month, day of the week." value={cron} fault={faultOf(set.refusal, 'cron')} onChange={(event) => setCron(event.target.value)} />
          <Field label="Time zone" required spellCheck={false} value={timeZone} fault={faultOf(set.refusal, 'timeZone')} onChange={(event) => setTimeZone(event.target.value)} />
          <Field label="Keep the newest" required type="number" min={1} value={keepCount} fault={faultOf(set.refusal, 'keepCount')} onChange={(event) => setKeepCount(event.target.value)} />
          <Field label="But none older than days" type="number" min={1} value={keepDays} fault={faultOf(set.refusal, 'keepDays')} onChange={(event) => setKeepDays(event.target.value)} />
          <button className="main" disabled={set.isRunning}>Keep the schedule</button>
        </form>
      )}
    </>
  );
}
