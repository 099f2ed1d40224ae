import type { MikroORM } from '@mikro-orm/postgresql';
import { Environment } from '../../entities/environment.js';
import { requireFence } from '../../entities/fence.js';
import { Lease } from '../../entities/lease.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Service } from '../../entities/service.js';
import type { HeldLease } from '../../queue/lease.js';
import type { LookResult } from '../../queue/wake-queue.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import { installationSelector, LABELS } from '../kubernetes/labels.js';
import type { EnvironmentKeeper } from './environment-keeper.js';

const WHILE_ENDING_SECONDS = 1;

/** Keeps an environment's namespace, and removes it once the environment is deleted and its services are gone. */
export class EnvironmentReconciler {
  constructor(
    private readonly orm: MikroORM,
    private readonly cluster: ClusterAccess,
    private readonly keeper: EnvironmentKeeper,
    private readonly installationId: string,
  ) {}

  async look(id: string, lease: HeldLease): Promise<LookResult> {
    this.keeper.forget(id);
    const em = this.orm.em.fork();
    const environment = await em.findOne(Environment, { id });
    if (environment && !environment.deletedAt) {
      // The namespace is made with the first service and then kept as it should be.
      if ((await this.#namespaces(id, lease.signal)).length > 0) await this.keeper.ensure(environment, lease.signal, () => requireFence(this.orm.em.fork(), lease.fence));
      return { again: 'never' };
    }
    if (environment && (await em.count(Service, { environmentId: id })) + (await em.count(ManagedDatabase, { environmentId: id })) > 0) return { again: 'later', seconds: WHILE_ENDING_SECONDS };
    if (await this.#remove(id, lease.signal)) return { again: 'later', seconds: WHILE_ENDING_SECONDS };
    if (environment) await this.#forgetRow(id, lease);
    return { again: 'never' };
  }

  /** True while something is left. */
  async #remove(id: string, signal: AbortSignal): Promise<boolean> {
    const namespaces = await this.#namespaces(id, signal);
    for (const namespace of namespaces) if (!namespace.metadata.deletionTimestamp) await this.cluster().remove(namespace, signal);
    return namespaces.length > 0;
  }

  async #namespaces(id: string, signal: AbortSignal): Promise<KubeObject[]> {
    const selector = `${installationSelector(this.installationId)},${LABELS.environment}=${id}`;
    return (await this.cluster().list('Namespace', selector, undefined, signal)).items;
  }

  async #forgetRow(id: string, lease: HeldLease): Promise<void> {
    await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      await tx.nativeDelete(Environment, { id });
      await tx.nativeDelete(Lease, { key: lease.fence.key });
    });
  }
}
