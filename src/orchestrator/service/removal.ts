import type { MikroORM } from '@mikro-orm/postgresql';
import { Deployment } from '../../entities/deployment.js';
import { moveDeployment } from '../../entities/deployment-log.js';
import { DeploymentState, ReasonCode } from '../../entities/deployment-state.js';
import { requireFence } from '../../entities/fence.js';
import { Host } from '../../entities/host.js';
import { Lease } from '../../entities/lease.js';
import { Release } from '../../entities/release.js';
import { Service } from '../../entities/service.js';
import { Variable } from '../../entities/variable.js';
import type { HeldLease } from '../../queue/lease.js';
import type { LookResult } from '../../queue/wake-queue.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { ServiceFacts } from './facts.js';
import { removeService } from './service-objects.js';

/** The watcher reports each object that goes; this is for what it missed. */
const WHILE_ENDING_SECONDS = 2;

/** Ends a deleted service: its deployment, then its objects, then, when the cluster has nothing of it any more, its rows. */
export class Removal {
  constructor(
    private readonly orm: MikroORM,
    private readonly cluster: ClusterAccess,
    private readonly installationId: string,
  ) {}

  async look(facts: ServiceFacts, lease: HeldLease): Promise<LookResult> {
    if (facts.unfinished) await this.#cancel(facts.unfinished.deployment, lease);
    if (await removeService(this.cluster(), this.installationId, facts.service, lease.signal)) return { again: 'later', seconds: WHILE_ENDING_SECONDS };
    await this.#forgetRows(facts.service.id, lease);
    return { again: 'never' };
  }

  /** What carries a service's id that has no row: an orphan. */
  async orphan(serviceId: string, lease: HeldLease): Promise<LookResult> {
    const left = await removeService(this.cluster(), this.installationId, { id: serviceId }, lease.signal);
    if (left) return { again: 'later', seconds: WHILE_ENDING_SECONDS };
    await this.orm.em.fork().nativeDelete(Lease, { key: lease.fence.key, holder: lease.fence.holder });
    return { again: 'never' };
  }

  async #cancel({ id, state }: Deployment, { fence }: HeldLease): Promise<void> {
    await this.orm.em.fork().transactional((tx) =>
      moveDeployment(tx, { id, from: state, to: DeploymentState.CANCELED, reason: { code: ReasonCode.CANCELED, message: 'The service was deleted.' }, fence }),
    );
  }

  async #forgetRows(serviceId: string, lease: HeldLease): Promise<void> {
    await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      await tx.nativeUpdate(Service, { id: serviceId }, { currentDeploymentId: null, latestDeploymentId: null });
      for (const child of [Deployment, Release, Variable, Host] as const) await tx.nativeDelete(child as typeof Host, { serviceId });
      await tx.nativeDelete(Service, { id: serviceId });
      await tx.nativeDelete(Lease, { key: lease.fence.key });
    });
  }
}
