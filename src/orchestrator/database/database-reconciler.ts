import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { DATABASE_ENGINES } from '../../entities/database-catalogue.js';
import { assertDatabaseMove, DatabaseState } from '../../entities/database-state.js';
import { DatabaseUsage } from '../../entities/database-usage.js';
import { Environment } from '../../entities/environment.js';
import { requireFence } from '../../entities/fence.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import type { HeldLease } from '../../queue/lease.js';
import type { LookResult, WakeQueue } from '../../queue/wake-queue.js';
import type { Vault } from '../../vault/vault.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { EnvironmentKeeper } from '../environment/environment-keeper.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import type { PodObject } from '../service/observed.js';
import { DATABASE_DRIVERS, type DatabaseDriver } from './database-driver.js';
import { healthOfReady, healthOfUnready, type Health } from './database-health.js';
import { applyDatabase, readDatabaseObjects } from './database-objects.js';
import type { DatabaseRemoval } from './database-removal.js';
import { engineOf, type DatabaseWorkload } from './database-workload.js';
import { askEngine, rotatePassword, type EnginePod, type Load, type Space } from './engine-commands.js';

const SOON_SECONDS = 2;
/** How full the volume is, and whether the engine still answers, nobody reports. */
const HEALTHY_SECONDS = 60;
const GROWING: Health = { status: DatabaseState.UPDATING, message: 'Its storage is growing. The database is stopped until that is done.' };

export interface DatabaseParts {
  orm: MikroORM;
  vault: Pick<Vault, 'open'>;
  queue: Pick<WakeQueue, 'wake'>;
  cluster: ClusterAccess;
  keeper: EnvironmentKeeper;
  removal: DatabaseRemoval;
  installationId: string;
}

/** Makes the cluster equal to the row of one database, and the row tell what the engine says. */
export class DatabaseReconciler {
  constructor(private readonly parts: DatabaseParts) {}

  /** One look: row, cluster and engine are asked afresh. */
  async look(id: string, lease: HeldLease): Promise<LookResult> {
    const { orm, keeper, removal, installationId } = this.parts;
    const em = orm.em.fork();
    const database = await em.findOne(ManagedDatabase, { id });
    if (!database) return removal.orphan(id, lease);
    if (database.deletedAt) return removal.look(database, lease);
    const environment = await em.findOneOrFail(Environment, { id: database.environmentId });
    const client = this.parts.cluster();
    const mayCreate = (): Promise<void> => this.#mayCreate(lease);
    await keeper.ensure(environment, lease.signal, mayCreate);
    const live = await readDatabaseObjects(client, installationId, id, environment.namespace, lease.signal);
    const driver = driverOf(database);
    const grows = driver.stopsToGrow(live.owned, database.storage);
    const password = await this.parts.vault.open(em, database.teamId, id, database.sealedPassword);
    const workload: DatabaseWorkload = { installationId, environment, database, password, stopped: database.paused || grows };
    const applied = await applyDatabase(client, driver.objects(workload), live, lease.signal, mayCreate);
    if (database.paused && !grows) return this.#settle(database, live.pods.length > 0 ? starting(database) : { status: DatabaseState.PAUSED, message: null }, lease, live.pods.length === 0);
    if (grows) return this.#settle(database, database.status === DatabaseState.PROVISIONING ? starting(database) : GROWING, lease, false);
    return this.#running(database, workload, applied, live.pods, lease);
  }

  async #running(database: ManagedDatabase, workload: DatabaseWorkload, applied: readonly KubeObject[], pods: readonly PodObject[], lease: HeldLease): Promise<LookResult> {
    const pod = driverOf(database).writer(applied, pods);
    if (!pod) {
      const image = DATABASE_ENGINES[database.type].versions[database.version] ?? '';
      return this.#settle(database, healthOfUnready(database, pods, image, Date.now()), lease, false);
    }
    const at: EnginePod = { client: this.parts.cluster(), namespace: workload.environment.namespace, pod: pod.metadata.name, engine: engineOf(workload) };
    if (database.sealedNextPassword) return this.#rotate(database, database.sealedNextPassword, workload, at, lease);
    const space = await this.#ask(at, workload.password, lease);
    if (space) await this.#keepUsage(database.id, space, lease);
    const health = healthOfReady(database, space, Date.now());
    return this.#settle(database, health, lease, space !== null);
  }

  /** The engine may know the next password already, where a look before this one was cut short. */
  async #rotate(database: ManagedDatabase, sealedNext: string, workload: DatabaseWorkload, at: EnginePod, lease: HeldLease): Promise<LookResult> {
    const next = await this.parts.vault.open(this.parts.orm.em.fork(), database.teamId, database.id, sealedNext);
    const known = (await this.#ask(at, next, lease)) !== null;
    if (!known && !((await rotatePassword(at, workload.password, next, lease.signal)) && (await this.#ask(at, next, lease)))) {
      return this.#settle(database, { ...starting(database), message: 'The new credentials are not accepted yet.' }, lease, false);
    }
    // Before the row says so: an engine that starts anew in between reads its password from there.
    const secrets = driverOf(database).objects({ ...workload, password: next }).filter(({ kind }) => kind === 'Secret');
    await applyDatabase(at.client, secrets, { owned: [], pods: [] }, lease.signal, () => this.#mayCreate(lease));
    await this.parts.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      await tx.nativeUpdate(
        ManagedDatabase,
        { id: database.id, sealedNextPassword: sealedNext },
        { sealedPassword: sealedNext, sealedNextPassword: null, credentialsRevision: database.credentialsRevision + 1 },
      );
      await this.#wakeLinked(tx, database.id);
    });
    return this.look(database.id, lease);
  }

  /** Throws `LeaseLost` for who was stopped for a while: another holds the database now, or it is gone. */
  #mayCreate(lease: HeldLease): Promise<void> {
    return requireFence(this.parts.orm.em.fork(), lease.fence);
  }

  /** A pod that ends while it is asked has not answered. */
  async #ask(at: EnginePod, password: string, lease: HeldLease): Promise<(Space & Load) | null> {
    try {
      return await askEngine(at, password, lease.signal);
    } catch (error) {
      lease.signal.throwIfAborted();
      if (error instanceof TypeError) throw error;
      return null;
    }
  }

  /** One row a database: what it was at the last look. */
  async #keepUsage(databaseId: string, { totalBytes, freeBytes, connections, maxConnections, memory }: Space & Load, lease: HeldLease): Promise<void> {
    await this.parts.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      await tx.upsert(DatabaseUsage, { databaseId, storageUsed: totalBytes - freeBytes, storageTotal: totalBytes, connections, maxConnections, memoryUsed: memory, observedAt: new Date() });
    });
  }

  /** Writes what was seen, where it differs; whoever waits for the database hears of it. */
  async #settle(database: ManagedDatabase, health: Health, lease: HeldLease, settled: boolean): Promise<LookResult> {
    const observedGeneration = settled ? database.generation : database.observedGeneration;
    if (health.status !== database.status || health.message !== database.statusMessage || observedGeneration !== database.observedGeneration) {
      assertDatabaseMove(database.status, health.status);
      await this.parts.orm.em.fork().transactional(async (tx) => {
        await requireFence(tx, lease.fence);
        const written = await tx.nativeUpdate(
          ManagedDatabase,
          { id: database.id, generation: database.generation, status: database.status },
          { status: health.status, statusMessage: health.message, observedGeneration },
        );
        if (written > 0 && health.status !== database.status) await this.#wakeLinked(tx, database.id);
      });
    }
    return { again: 'later', seconds: settled ? HEALTHY_SECONDS : SOON_SECONDS };
  }

  async #wakeLinked(tx: EntityManager, databaseId: string): Promise<void> {
    const rows = await tx.execute<{ service_id: string }[]>('select distinct service_id from variable where database_id = ? and replaced_at is null', [databaseId]);
    for (const { service_id } of rows) await this.parts.queue.wake(tx, `service/${service_id}`);
  }
}

const driverOf = ({ type }: ManagedDatabase): DatabaseDriver => DATABASE_DRIVERS[DATABASE_ENGINES[type].driver];

const starting = ({ status }: ManagedDatabase): Health => ({ status: status === DatabaseState.PROVISIONING ? status : DatabaseState.UPDATING, message: null });
