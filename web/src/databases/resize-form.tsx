import { useId, useState, type FormEvent } from 'react';
import { ResizeDatabaseDocument } from '../../generated/operations.js';
import { faultOf } from '../client/fault-of.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { DATABASE_SIZES } from './sizes.js';

/** Another size for a database, or more storage; says first what that does to it. */
export function ResizeForm({ id, name, size, storage, done }: { id: string; name: string; size: string; storage: string; done: () => void }) {
  const own = useId();
  const { run, isRunning, refusal } = useAction(ResizeDatabaseDocument);
  const [newSize, setNewSize] = useState(size);
  const [newStorage, setNewStorage] = useState('');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run({ id, input: { size: newSize, ...(newStorage.trim() && { storage: newStorage.trim() }) } })) done();
  };
  return (
    <form aria-label={`Resize ${name}`} onSubmit={(event) => void submit(event)}>
      <Refused refusal={refusal} shown={['storage']} />
      <p className="notice">{name} restarts for it, and is stopped while its storage grows. Storage only grows.</p>
      <div className="field">
        <label htmlFor={`${own}-size`}>New size</label>
        <select id={`${own}-size`} value={newSize} onChange={(event) => setNewSize(event.target.value)}>{DATABASE_SIZES.map((value) => <option key={value}>{value}</option>)}</select>
      </div>
      <Field label="Storage" spellCheck={false} placeholder={storage} hint="Left empty it becomes that of the size, if that is more." value={newStorage} fault={faultOf(refusal, 'storage')} onChange={(event) => setNewStorage(event.target.value)} />
      <button className="main" disabled={isRunning}>Resize {name}</button>
    </form>
  );
}
