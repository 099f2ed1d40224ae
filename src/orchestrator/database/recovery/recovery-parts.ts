import type { MikroORM } from '@mikro-orm/postgresql';
import type { WakeQueue } from '../../../queue/wake-queue.js';
import type { EngineAccessParts } from '../backup/engine-access.js';
import type { LongWork } from '../backup/long-work.js';
import type { PartStore } from './part-store.js';

/** What the archive of a database's log is made with. */
export interface RecoveryParts extends EngineAccessParts {
  orm: MikroORM;
  parts: PartStore;
  work: LongWork;
  queue: Pick<WakeQueue, 'wake'>;
}
