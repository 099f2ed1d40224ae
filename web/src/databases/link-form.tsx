import { useId, useState, type FormEvent } from 'react';
import { useQuery } from 'urql';
import { LinkDatabaseDocument, ServicesDocument } from '../../generated/operations.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { usePlace } from '../places/places.js';

/** Gives a service the address of a database, in a variable. */
export function LinkForm({ databaseId, done }: { databaseId: string; done: () => void }) {
  const id = useId();
  const { team, environment } = usePlace();
  const [{ data }] = useQuery({ query: ServicesDocument, variables: { teamId: team.id, environment: environment.name, after: null } });
  const { run, isRunning, refusal } = useAction(LinkDatabaseDocument);
  const [chosen, setChosen] = useState('');
  const [variable, setVariable] = useState('DATABASE_URL');
  const services = data?.services.nodes ?? [];
  const serviceId = chosen || services[0]?.id;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (serviceId && (await run({ databaseId, serviceId, as: variable.trim() }))) done();
  };
  if (data && services.length === 0) return <p className="hint">There is no service here to link it to.</p>;
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Refused refusal={refusal} />
      <div className="field">
        <label htmlFor={`${id}-service`}>Service</label>
        <select id={`${id}-service`} value={serviceId} onChange={(event) => setChosen(event.target.value)}>{services.map((service) => <option key={service.id} value={service.id}>{service.name}</option>)}</select>
      </div>
      <Field label="Variable" required spellCheck={false} value={variable} onChange={(event) => setVariable(event.target.value)} />
      <button className="main" disabled={isRunning || !serviceId}>Link and deploy</button>
    </form>
  );
}
