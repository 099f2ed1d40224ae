import { useState, type FormEvent } from 'react';
import { DeployDocument } from '../../generated/operations.js';
import { faultOf } from '../client/fault-of.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { useTitle } from '../controls/use-title.js';
import { Link } from '../navigation/link.js';
import { goTo } from '../navigation/location.js';
import { usePlace } from '../places/places.js';
import { inputOf, ServiceFields, SHOWN_FAULTS, type ServiceDraft } from './service-fields.js';
import { readVariables } from './variables.js';

/** A new service of an image. */
export function DeployPage() {
  const { team, environment } = usePlace();
  const { run, isRunning, refusal } = useAction(DeployDocument);
  const [name, setName] = useState('');
  const [draft, setDraft] = useState<ServiceDraft>({ image: '', port: '', isPublic: false, replicas: '1', variables: '' });
  const [wrong, setWrong] = useState<string | null>(null);
  useTitle('Deploy a service');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const { variables, wrong } = readVariables(draft.variables);
    setWrong(wrong);
    if (wrong !== null) return;
    const deployed = await run({ input: { ...inputOf(draft), name: name.trim(), env: variables, teamId: team.id, environment: environment.name } });
    if (deployed) goTo(`/services/${deployed.deployService.id}`);
  };
  return (
    <>
      <p className="crumbs"><Link to="/">Services</Link> / {environment.name}</p>
      <h1>Deploy a service</h1>
      <form className="panel" onSubmit={(event) => void submit(event)}>
        <Refused refusal={wrong === null ? refusal : { message: `This line of the variables is not NAME=value: ${wrong}`, faults: [] }} shown={SHOWN_FAULTS} />
        <Field label="Name" required autoFocus spellCheck={false} placeholder="web" hint={`In ${environment.name} of ${team.name}.`} value={name} fault={faultOf(refusal, 'name')} onChange={(event) => setName(event.target.value)} />
        <ServiceFields draft={draft} change={(part) => setDraft({ ...draft, ...part })} refusal={refusal} variablesHint="One a line: NAME=value. They are sealed, and nobody reads them here again." />
        <p className="actions"><button className="main" disabled={isRunning}>Deploy</button></p>
      </form>
    </>
  );
}
