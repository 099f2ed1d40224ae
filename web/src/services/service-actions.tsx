import { useState } from 'react';
import { DeleteServiceDocument, PauseDocument, RedeployDocument, type ServiceDetailFragment } from '../../generated/operations.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { goTo } from '../navigation/location.js';
import { ChangeForm } from './change-form.js';

/** What the viewer may do with a service. */
export function ServiceActions({ service }: { service: ServiceDetailFragment }) {
  const redeploy = useAction(RedeployDocument);
  const pause = useAction(PauseDocument);
  const remove = useAction(DeleteServiceDocument);
  const [open, setOpen] = useState<'change' | 'delete' | null>(null);
  const { id, name, paused } = service;
  const isRunning = redeploy.isRunning || pause.isRunning || remove.isRunning;
  const confirmDelete = async (): Promise<void> => void ((await remove.run({ id })) && goTo('/'));
  return (
    <section aria-label="Actions">
      <div className="actions">
        {service.canRedeploy && <button onClick={() => void redeploy.run({ id })} disabled={isRunning}>Redeploy</button>}
        {service.canPause && <button onClick={() => void pause.run({ id, pause: !paused })} disabled={isRunning}>{paused ? 'Resume' : 'Pause'}</button>}
        {service.canChange && <button aria-expanded={open === 'change'} onClick={() => setOpen(open === 'change' ? null : 'change')}>Change</button>}
        {service.canDelete && <button aria-expanded={open === 'delete'} onClick={() => setOpen(open === 'delete' ? null : 'delete')}>Delete</button>}
      </div>
      <Refused refusal={redeploy.refusal ?? pause.refusal ?? remove.refusal} />
      {open === 'change' && <ChangeForm service={service} done={() => setOpen(null)} />}
      {open === 'delete' && (
        <div className="notice" role="group" aria-label="Delete the service">
          <p>Deletes {name}, with its deployments and its address. This cannot be taken back.</p>
          <p className="actions"><button className="danger" onClick={() => void confirmDelete()} disabled={isRunning}>Delete {name}</button><button onClick={() => setOpen(null)}>Keep it</button></p>
        </div>
      )}
    </section>
  );
}
