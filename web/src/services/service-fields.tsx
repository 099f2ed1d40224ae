import { useId } from 'react';
import type { Refusal } from '../client/refusal.js';
import { faultOf } from '../client/fault-of.js';
import { Field } from '../controls/field.js';

/** What a person fills in of a service, as it stands in the inputs. */
export interface ServiceDraft {
  image: string;
  port: string;
  isPublic: boolean;
  replicas: string;
  variables: string;
}

/** Their faults stand beside them. */
export const SHOWN_FAULTS = ['name', 'image', 'containerPort', 'replicas'];

interface ServiceFieldsProps {
  draft: ServiceDraft;
  change: (part: Partial<ServiceDraft>) => void;
  refusal: Refusal | null;
  variablesHint: string;
}

/** The fields that a new service and a change of one have in common. */
export function ServiceFields({ draft, change, refusal, variablesHint }: ServiceFieldsProps) {
  const id = useId();
  return (
    <>
      <Field label="Image" required value={draft.image} placeholder="nginx:alpine" spellCheck={false} fault={faultOf(refusal, 'image')} onChange={(event) => change({ image: event.target.value })} />
      <Field label="Port" inputMode="numeric" pattern="\d+" hint="Where the container listens. Empty: a worker, without an address." value={draft.port} fault={faultOf(refusal, 'containerPort')} onChange={(event) => change({ port: event.target.value })} />
      <div className="field check">
        <input id={`${id}-public`} type="checkbox" checked={draft.isPublic} disabled={draft.port === ''} onChange={(event) => change({ isPublic: event.target.checked })} />
        <label htmlFor={`${id}-public`}>Public: it gets an address</label>
      </div>
      <Field label="Replicas" type="number" min={0} max={100} required value={draft.replicas} fault={faultOf(refusal, 'replicas')} onChange={(event) => change({ replicas: event.target.value })} />
      <div className="field">
        <label htmlFor={`${id}-variables`}>Variables</label>
        <textarea id={`${id}-variables`} rows={4} spellCheck={false} autoComplete="off" placeholder="NAME=value" aria-describedby={`${id}-hint`} value={draft.variables} onChange={(event) => change({ variables: event.target.value })} />
        <p id={`${id}-hint`} className="hint">{variablesHint}</p>
      </div>
    </>
  );
}

/** The draft in the form of the inputs. Without a port a service cannot be public. */
export function inputOf({ image, port, isPublic, replicas }: ServiceDraft) {
  return { image: image.trim(), containerPort: port === '' ? null : Number(port), public: port !== '' && isPublic, replicas: Number(replicas) };
}
