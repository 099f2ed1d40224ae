import type { EntityManager } from '@mikro-orm/postgresql';
import { BackupState } from '../../../entities/backup-state.js';
import { requireFence } from '../../../entities/fence.js';
import { PointInTimeRecovery } from '../../../entities/point-in-time-recovery.js';
import { RecoveryPartKind } from '../../../entities/recovery-part-kind.js';
import { RecoveryPart } from '../../../entities/recovery-part.js';
import { Restore } from '../../../entities/restore.js';
import type { HeldLease } from '../../../queue/lease.js';
import type { LookResult } from '../../../queue/wake-queue.js';
import { openEngine, type OpenEngine } from '../backup/engine-access.js';
import { readCompressed } from '../backup/engine-content.js';
import { sentenceOf } from '../backup/long-work.js';
import { presentSegment, recoveryOf } from './recovery-commands.js';
import { writeRecovery, type RecoveryParts } from './recovery-parts.js';

const DAY_MS = 86_400_000;
const DEADLINE_MS = 2 * 3_600_000;
const SOON_SECONDS = 2;
const AGAIN_SECONDS = 600;

/** Makes the bases of an archive, one a day while something is written, and lets go of what is older than is kept. */
export class BaseArchiver {
  constructor(private readonly parts: RecoveryParts) {}

  async look(databaseId: string, lease: HeldLease): Promise<LookResult> {
    const em = this.parts.orm.em.fork();
    const recovery = await em.findOne(PointInTimeRecovery, { databaseId, endedAt: null });
    if (!recovery) return this.parts.work.over(lease);
    await this.#letGo(em, recovery, lease);
    if (!(await isDue(em, recovery))) return { again: 'later', seconds: AGAIN_SECONDS };
    try {
      const isMade = await this.parts.work.hold(async () => {
        const engine = await openEngine(em, databaseId, this.parts, lease.signal, 'to read');
        if (!engine) return false;
        await this.#make(recovery, engine, lease, AbortSignal.any([lease.signal, AbortSignal.timeout(DEADLINE_MS)]));
        return true;
      });
      return { again: 'later', seconds: isMade ? AGAIN_SECONDS : SOON_SECONDS };
    } catch (error) {
      lease.signal.throwIfAborted();
      const message = sentenceOf(error);
      if (message === null) throw error;
      await writeRecovery(this.parts.orm, recovery, lease, { baseTrouble: message });
      return { again: 'later', seconds: AGAIN_SECONDS };
    }
  }

  async #make(recovery: PointInTimeRecovery, engine: OpenEngine, lease: HeldLease, signal: AbortSignal): Promise<void> {
    const { databaseId, teamId, chain } = recovery;
    const { segment } = await presentSegment(engine, signal);
    let contentSize = 0;
    const content = readCompressed(engine.at, engine.password, recoveryOf(engine).base, (bytes) => (contentSize += bytes), signal);
    const insert = await this.parts.parts.write({ databaseId, teamId, chain, kind: RecoveryPartKind.BASE, segment, name: 'base' }, content, () => contentSize, signal);
    const { time } = await presentSegment(engine, signal);
    // The log that was written meanwhile completes it.
    await writeRecovery(this.parts.orm, recovery, lease, { baseTrouble: null }, async (tx) => {
      await insert(tx, time);
      await this.parts.queue.wake(tx, `recoveryLog/${databaseId}`);
    });
  }

  /** What no time that is kept needs, and nobody is recovering from. */
  async #letGo(em: EntityManager, { databaseId, keepDays }: PointInTimeRecovery, lease: HeldLease): Promise<void> {
    const since = new Date(Date.now() - keepDays * DAY_MS);
    const kept = await em.findOne(RecoveryPart, { databaseId, kind: RecoveryPartKind.BASE, reachedAt: { $lte: since } }, { orderBy: { reachedAt: 'desc' } });
    if (!kept || (await em.count(Restore, { sourceId: databaseId, state: BackupState.RUNNING })) > 0) return;
    const old = await em.find(RecoveryPart, {
      databaseId,
      $or: [{ chain: { $lt: kept.chain } }, { chain: kept.chain, kind: RecoveryPartKind.SEGMENT, segment: { $lt: kept.segment } }, { chain: kept.chain, kind: RecoveryPartKind.BASE, reachedAt: { $lt: kept.reachedAt } }],
    });
    if (old.length === 0) return;
    await this.parts.parts.remove(old);
    await this.parts.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, lease.fence);
      await tx.nativeDelete(RecoveryPart, { id: { $in: old.map(({ id }) => id) } });
    });
  }
}

/** A chain begins with a base, and has one each day that something was committed. */
async function isDue(em: EntityManager, { databaseId, chain }: PointInTimeRecovery): Promise<boolean> {
  if (chain === 0) return false;
  const newest = await em.findOne(RecoveryPart, { databaseId, chain, kind: RecoveryPartKind.BASE }, { orderBy: { reachedAt: 'desc' } });
  if (!newest) return true;
  if (newest.createdAt.getTime() > Date.now() - DAY_MS) return false;
  return (await em.count(RecoveryPart, { databaseId, chain, kind: RecoveryPartKind.SEGMENT, createdAt: { $gt: new Date(newest.createdAt.getTime() + DAY_MS / 24) } })) > 0;
}
