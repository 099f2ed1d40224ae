import type { EntityManager } from '@mikro-orm/postgresql';
import { requireFence } from '../../../entities/fence.js';
import { ManagedDatabase } from '../../../entities/managed-database.js';
import { PointInTimeRecovery } from '../../../entities/point-in-time-recovery.js';
import { RecoveryPartKind } from '../../../entities/recovery-part-kind.js';
import { RecoveryPart } from '../../../entities/recovery-part.js';
import type { HeldLease } from '../../../queue/lease.js';
import type { LookResult } from '../../../queue/wake-queue.js';
import { openEngine, type OpenEngine } from '../backup/engine-access.js';
import { sentenceOf } from '../backup/long-work.js';
import { endLog, letGo, lookAtLog, readSegment, type LogLook } from './recovery-commands.js';
import { writeRecovery, type RecoveryParts } from './recovery-parts.js';

/** So much is lost with a volume at most, about. */
const EVERY_SECONDS = 60;
const SOON_SECONDS = 2;
/** A look has its end; what is left is the next one's. */
const MOST_SEGMENTS = 64;
/** An engine that writes so many in between may soon have to let go of its log. */
const MANY_SEGMENTS = 6;

/** Archives the log of a database, a segment at a time, and lets the engine go of it then. */
export class LogArchiver {
  constructor(private readonly parts: RecoveryParts) {}

  async look(databaseId: string, lease: HeldLease): Promise<LookResult> {
    const em = this.parts.orm.em.fork();
    const recovery = await em.findOne(PointInTimeRecovery, { databaseId });
    if (!recovery) return this.parts.work.over(lease);
    if (recovery.endedAt) return this.#end(em, recovery, lease);
    try {
      const engine = await openEngine(em, databaseId, this.parts, lease.signal, 'to read');
      if (!engine) return { again: 'later', seconds: SOON_SECONDS };
      const taken = await this.#archive(em, recovery, engine, lease);
      return { again: 'later', seconds: taken > MANY_SEGMENTS ? SOON_SECONDS : EVERY_SECONDS };
    } catch (error) {
      lease.signal.throwIfAborted();
      const message = sentenceOf(error);
      if (message === null) throw error;
      await writeRecovery(this.parts.orm, recovery, lease, { logTrouble: message });
      return { again: 'later', seconds: EVERY_SECONDS };
    }
  }

  /** Answers how many segments it took. */
  async #archive(em: EntityManager, recovery: PointInTimeRecovery, engine: OpenEngine, lease: HeldLease): Promise<number> {
    const known = { next: recovery.nextSegment, snapshot: (await endsWithBase(em, recovery)) ? null : recovery.snapshot };
    const { began, reachedAt, ended } = await lookAtLog(engine, known, lease.signal);
    if (began !== null) await this.#beginChain(recovery, began, lease);
    const first = recovery.nextSegment ?? 0;
    const last = ended ? Math.min(ended.current, first + MOST_SEGMENTS) : first;
    for (let segment = first; segment < last; segment += 1) await this.#take(recovery, engine, segment, ended!, segment === ended!.current - 1 ? reachedAt : null, lease);
    if (ended && last < ended.current) return last - first;
    await writeRecovery(this.parts.orm, recovery, lease, { latest: reachedAt, logTrouble: null, ...(ended && { snapshot: ended.snapshot }) });
    if (ended) await letGo(engine, ended.switched, lease.signal);
    return last - first;
  }

  async #take(recovery: PointInTimeRecovery, engine: OpenEngine, segment: number, { nameOf }: NonNullable<LogLook['ended']>, reachedAt: Date | null, lease: HeldLease): Promise<void> {
    const { databaseId, teamId, chain } = recovery;
    const content = await readSegment(engine, nameOf(segment), lease.signal);
    const facts = { databaseId, teamId, chain, kind: RecoveryPartKind.SEGMENT, segment, name: nameOf(segment) };
    const insert = await this.parts.parts.write(facts, one(content), () => content.length, lease.signal);
    await writeRecovery(this.parts.orm, recovery, lease, { nextSegment: segment + 1 }, (tx) => insert(tx, reachedAt));
  }

  /** The engine keeps its log from here on; what was archived before leads to nothing later. */
  async #beginChain(recovery: PointInTimeRecovery, began: number, lease: HeldLease): Promise<void> {
    await writeRecovery(this.parts.orm, recovery, lease, { chain: recovery.chain + 1, nextSegment: began, snapshot: null }, (tx) => this.parts.queue.wake(tx, `recoveryBase/${recovery.databaseId}`));
  }

  /** The engine is told first: it would keep its log for nobody. One that is gone keeps nothing. */
  async #end(em: EntityManager, recovery: PointInTimeRecovery, lease: HeldLease): Promise<LookResult> {
    const { databaseId } = recovery;
    const database = await em.findOne(ManagedDatabase, { id: databaseId });
    if (database && !database.deletedAt && recovery.chain > 0) {
      const engine = await openEngine(em, databaseId, this.parts, lease.signal, 'to read').catch((error: unknown) => {
        if (sentenceOf(error) === null) throw error;
        return null;
      });
      if (!engine) return { again: 'later', seconds: EVERY_SECONDS };
      await endLog(engine, lease.signal);
    }
    await this.parts.parts.remove(await em.find(RecoveryPart, { databaseId }));
    await this.parts.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      await tx.nativeDelete(RecoveryPart, { databaseId });
      await tx.nativeDelete(PointInTimeRecovery, { databaseId, endedAt: { $ne: null } });
    });
    return this.parts.work.over(lease);
  }
}

/** The newest base needs the log that was written beside it, though nothing may have been committed since. */
async function endsWithBase(em: EntityManager, { databaseId, chain }: PointInTimeRecovery): Promise<boolean> {
  const [row] = await em.execute<{ kind: string }[]>('select kind from recovery_part where database_id = ? and chain = ? and reached_at is not null order by reached_at desc, kind limit 1', [databaseId, chain]);
  return row?.kind === RecoveryPartKind.BASE;
}

async function* one(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}
