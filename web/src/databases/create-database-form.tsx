import { useId, useState, type FormEvent } from 'react';
import { CreateDatabaseDocument } from '../../generated/operations.js';
import { faultOf } from '../client/fault-of.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { usePlace } from '../places/places.js';
import { DATABASE_SIZES } from './sizes.js';

const TYPES = { postgres: 'PostgreSQL', mysql: 'MySQL', mariadb: 'MariaDB', redis: 'Redis', mongodb: 'MongoDB' };

/** A new database in the environment that is looked at. */
export function CreateDatabaseForm({ done }: { done: () => void }) {
  const id = useId();
  const { team, environment } = usePlace();
  const { run, isRunning, refusal } = useAction(CreateDatabaseDocument);
  const [name, setName] = useState('');
  const [type, setType] = useState('postgres');
  const [size, setSize] = useState('small');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run({ input: { name: name.trim(), type, size, teamId: team.id, environment: environment.name } })) done();
  };
  return (
    <form className="panel" aria-label="New database" onSubmit={(event) => void submit(event)}>
      <Refused refusal={refusal} shown={['name']} />
      <Field label="Name" required autoFocus spellCheck={false} hint="Services of the environment find it by this name." value={name} fault={faultOf(refusal, 'name')} onChange={(event) => setName(event.target.value)} />
      <div className="field">
        <label htmlFor={`${id}-type`}>Engine</label>
        <select id={`${id}-type`} value={type} onChange={(event) => setType(event.target.value)}>{Object.entries(TYPES).map(([value, title]) => <option key={value} value={value}>{title}</option>)}</select>
      </div>
      <div className="field">
        <label htmlFor={`${id}-size`}>Size</label>
        <select id={`${id}-size`} value={size} onChange={(event) => setSize(event.target.value)}>{DATABASE_SIZES.map((value) => <option key={value}>{value}</option>)}</select>
      </div>
      <p className="actions"><button className="main" disabled={isRunning}>Create</button></p>
    </form>
  );
}
