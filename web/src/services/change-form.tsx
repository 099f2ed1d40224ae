import { useState, type FormEvent } from 'react';
import { ChangeServiceDocument, type ServiceDetailFragment } from '../../generated/operations.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { inputOf, ServiceFields, SHOWN_FAULTS, type ServiceDraft } from './service-fields.js';
import { readVariables } from './variables.js';

/** Another image, port or number of replicas, and variables to set: what makes a release is deployed. */
export function ChangeForm({ service, done }: { service: ServiceDetailFragment; done: () => void }) {
  const { run, isRunning, refusal } = useAction(ChangeServiceDocument);
  const [draft, setDraft] = useState<ServiceDraft>({
    image: service.image, port: service.containerPort === null ? '' : String(service.containerPort), isPublic: service.public, replicas: String(service.replicas), variables: '',
  });
  const [wrong, setWrong] = useState<string | null>(null);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const { variables, wrong } = readVariables(draft.variables);
    setWrong(wrong);
    if (wrong !== null) return;
    const { image, ...rest } = inputOf(draft);
    // An image that was built is not asked for again by its name.
    const isNewImage = image !== service.image;
    if (await run({ id: service.id, input: { ...rest, ...(isNewImage && { image }), ...(Object.keys(variables).length > 0 && { env: variables }) } })) done();
  };
  return (
    <form className="panel" aria-label="Change the service" onSubmit={(event) => void submit(event)}>
      <Refused refusal={wrong === null ? refusal : { message: `This line of the variables is not NAME=value: ${wrong}`, faults: [] }} shown={SHOWN_FAULTS} />
      <ServiceFields draft={draft} change={(part) => setDraft({ ...draft, ...part })} refusal={refusal} variablesHint="One a line: NAME=value. These are set, the others stay as they are." />
      <p className="actions"><button className="main" disabled={isRunning}>Change</button><button type="button" onClick={done}>Leave it</button></p>
    </form>
  );
}
