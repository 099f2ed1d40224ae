import type { MikroORM } from '@mikro-orm/postgresql';
import { UNFINISHED_STATES } from '../entities/deployment-state.js';
import type { Logger } from '../logger.js';
import type { WakeQueue } from '../queue/wake-queue.js';

const EVERY_MS = 120_000;
const LOW_PRIORITY = -1;

/** Wakes what nobody else may wake: everything when the cluster (re)appears, and now and then what is not settled. */
export class Resync {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly orm: MikroORM,
    private readonly queue: WakeQueue,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#timer = setInterval(() => void this.#run(UNSETTLED), EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The cluster is there (again): whatever happened in the meantime was not seen. */
  async everything(): Promise<void> {
    await this.#run(EVERYTHING);
  }

  async #run(sql: string): Promise<void> {
    try {
      const rows = await this.orm.em.fork().execute<{ key: string }[]>(sql);
      await this.queue.wakeAll(rows.map(({ key }) => key), LOW_PRIORITY);
    } catch (error) {
      this.logger.warn({ err: error }, 'a resync failed and is tried again later');
    }
  }
}

const BACKUPS = `select 'backup/' || id as key from backup where state = 'RUNNING' or deleted_at is not null union all select 'restore/' || id from restore where state = 'RUNNING'`;
const RECOVERIES = `select 'recoveryLog/' || database_id from point_in_time_recovery union all select 'recoveryBase/' || database_id from point_in_time_recovery where ended_at is null`;
const ENDED_ENVIRONMENTS = `select 'environment/' || id as key from environment where deleted_at is not null`;
const EVERYTHING = `select 'service/' || id as key from service union all select 'database/' || id from managed_database union all ${BACKUPS} union all ${RECOVERIES} union all ${ENDED_ENVIRONMENTS}`;
const UNSETTLED = `
  select 'service/' || s.id as key from service s
  where s.deleted_at is not null
     or s.observed_generation < s.generation
     or (not s.paused and s.current_deployment_id is not null and (s.ready_replicas < s.replicas or (s.public and s.replicas > 0 and not s.address_answers)))
     or exists (select 1 from deployment d where d.service_id = s.id and d.state in (${UNFINISHED_STATES.map((state) => `'${state}'`).join(', ')}))
  union all select 'database/' || id from managed_database
  union all ${BACKUPS}
  union all ${RECOVERIES}
  union all ${ENDED_ENVIRONMENTS}`;
