import type { EntityManager, EntityName, MikroORM } from '@mikro-orm/postgresql';
import { BackupState } from '../../../entities/backup-state.js';
import type { Backup } from '../../../entities/backup.js';
import { requireFence } from '../../../entities/fence.js';
import { Lease } from '../../../entities/lease.js';
import { Restore } from '../../../entities/restore.js';
import type { Logger } from '../../../logger.js';
import type { HeldLease } from '../../../queue/lease.js';
import type { LookResult } from '../../../queue/wake-queue.js';

/** A look may take this long; the queue's own limit for these keys is longer. */
const DEADLINE_MS = 2 * 3_600_000;
const AT_ONCE = 2;
const SOON_SECONDS = 2;
const PATIENCE_MS = 600_000;
/** A server that is stopped in between leaves it to the next one, once. */
const MOST_ATTEMPTS = 2;

type Row = Backup | Restore;

/** What is written of a row at its end. */
export interface Outcome {
  state: BackupState.DONE | BackupState.FAILED;
  message?: string | null;
}

/** What changes with the end of a row, in its transaction; it answers what is written of the row. */
export type Sequel = (tx: EntityManager, outcome: Outcome) => Promise<Outcome>;

/** What a look does; it calls `begin` before it changes anything. */
export type Work = (begin: () => Promise<void>, signal: AbortSignal) => Promise<((tx: EntityManager) => Promise<Outcome>) | null>;

const NOTHING_MORE: Sequel = async (_tx, outcome) => outcome;

/** Only so many backups and restores run on a server at once: the other looks have to have room. */
export class LongWork {
  #running = 0;

  constructor(
    private readonly orm: MikroORM,
    private readonly logger: Logger,
  ) {}

  /**
   * One look at a row that is RUNNING. `work` answers what is written when it is DONE, or null while it has to wait; an
   * error of its own makes it FAILED with its message. Cut off by the end of this server, the next one begins it anew, once;
   * then `whenCut` is tried as often.
   */
  async look<T extends Row>(type: EntityName<T>, row: T, lease: HeldLease, work: Work, { sequel = NOTHING_MORE, whenCut }: { sequel?: Sequel; whenCut?: Work } = {}): Promise<LookResult> {
    const end = (outcome: (tx: EntityManager) => Promise<Outcome>): Promise<LookResult> => this.#end(type, row, lease, async (tx) => sequel(tx, await outcome(tx)));
    const step = row.attempts < MOST_ATTEMPTS ? work : row.attempts < 2 * MOST_ATTEMPTS ? whenCut : undefined;
    if (!step) return end(async () => failed(`It was begun twice, and cut off each time: a server or the database went away. ${row instanceof Restore ? 'The database may have a part of the backup only: restore it again.' : 'Start it again.'}`));
    return (await this.hold(() => this.#step(type, row, lease, step, end))) ?? { again: 'later', seconds: SOON_SECONDS };
  }

  /** Runs what moves all of a database's content; null where as many as may are at work. */
  async hold<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.#running >= AT_ONCE) return null;
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
    }
  }

  async #step<T extends Row>(type: EntityName<T>, row: T, lease: HeldLease, step: Work, end: (outcome: (tx: EntityManager) => Promise<Outcome>) => Promise<LookResult>): Promise<LookResult> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    try {
      const done = await step(() => this.#begin(type, row, lease), AbortSignal.any([lease.signal, late]));
      if (done) return await end(done);
      if (Date.now() - row.createdAt.getTime() > PATIENCE_MS) return await end(async () => failed('The database was not available for 10 minutes.'));
      return { again: 'later', seconds: SOON_SECONDS };
    } catch (error) {
      lease.signal.throwIfAborted();
      const message = late.aborted ? 'It took longer than 2 hours.' : sentenceOf(error);
      if (message === null) throw error;
      this.logger.warn({ err: error, key: lease.fence.key }, 'a backup or a restore failed');
      return await end(async () => failed(message));
    }
  }

  async #begin<T extends Row>(type: EntityName<T>, row: T, lease: HeldLease): Promise<void> {
    await this.#write(type, row, lease, async () => ({ attempts: row.attempts + 1 }));
  }

  async #end<T extends Row>(type: EntityName<T>, row: T, lease: HeldLease, outcome: (tx: EntityManager) => Promise<Outcome>): Promise<LookResult> {
    await this.#write(type, row, lease, async (tx) => ({ endedAt: new Date(), ...(await outcome(tx)) }));
    return { again: 'later', seconds: SOON_SECONDS };
  }

  async #write<T extends Row>(type: EntityName<T>, row: T, lease: HeldLease, change: (tx: EntityManager) => Promise<object>): Promise<void> {
    await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      await tx.nativeUpdate(type, { id: row.id, state: BackupState.RUNNING } as never, (await change(tx)) as never);
    });
  }

  /** Nothing is left to do: the lease of such a key is not needed again. */
  async over(lease: HeldLease): Promise<LookResult> {
    await this.orm.em.fork().nativeDelete(Lease, { key: lease.fence.key, holder: lease.fence.holder });
    return { again: 'never' };
  }
}

const failed = (message: string): Outcome => ({ state: BackupState.FAILED, message });

/** Errors that are about the database or the object, told in a sentence; others are ours, and the look is tried again. */
const TOLD = new Set(['EngineRefused', 'EngineAway', 'ObjectBroken', 'StorageFailed']);

/** What is told of an error; null where it is not for users. */
export function sentenceOf(error: unknown): string | null {
  const { name, message, code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  if (name !== undefined && TOLD.has(name)) return message ?? null;
  if (['ENOSPC', 'EACCES', 'EROFS', 'ENOTDIR'].includes(code ?? '')) return 'The folder of the backups cannot be written. The operator finds more in the log.';
  return null;
}

/** A stored object is not what was written. */
export class ObjectBroken extends Error {
  override name = 'ObjectBroken';
}
