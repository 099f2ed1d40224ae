import type { EntityManager } from '@mikro-orm/postgresql';
import { badRequest } from '../errors.js';
import type { PointInTimeRecovery } from './point-in-time-recovery.js';
import { RecoveryPartKind } from './recovery-part-kind.js';
import { RecoveryPart } from './recovery-part.js';

/** What brings the content of a database back as of a time, in the order in which it is needed. */
export interface RecoveryPlan {
  base: RecoveryPart;
  segments: RecoveryPart[];
  /** Null where all that the segments have is wanted: nothing was committed later. */
  target: Date | null;
  /** Bytes of storage that it takes beside the present content, until it is in its place. */
  room: number;
}

/** A server writes some segments of its own while it recovers. */
const SPARE_BYTES = 3 * 16 * 2 ** 20;

/** Throws BAD_REQUEST with the times that can be recovered where this one cannot. */
export async function planRecovery(em: EntityManager, recovery: PointInTimeRecovery, toTime: Date): Promise<RecoveryPlan> {
  const { databaseId, latest } = recovery;
  const earliest = await earliestOf(em, databaseId);
  if (!earliest || !latest) throw badRequest('The first base of the recovery is still being made: no time can be recovered yet.');
  const window = `Any time from ${earliest.toISOString()} to ${latest.toISOString()} can be recovered`;
  if (toTime < earliest || toTime > latest) throw badRequest(`${window}, and not ${toTime.toISOString()}.`);
  const base = await baseBefore(em, databaseId, toTime);
  const of = { databaseId, chain: base.chain, kind: RecoveryPartKind.SEGMENT };
  // Without a later one nothing was committed since the last. What a look under way has stored behind that was committed later, and is left out.
  const later = await em.findOne(RecoveryPart, { ...of, reachedAt: { $gte: toTime } }, { orderBy: { segment: 'asc' } });
  const end = later ?? (await em.findOneOrFail(RecoveryPart, { ...of, reachedAt: { $ne: null } }, { orderBy: { segment: 'desc' } }));
  if (!later && base.chain !== recovery.chain) throw badRequest(`${window}, but not ${toTime.toISOString()}: the log of that time is missing. Choose one up to ${end.reachedAt?.toISOString()}, or a later one.`);
  const segments = await em.find(RecoveryPart, { ...of, segment: { $gte: base.segment, $lte: end.segment } }, { orderBy: { segment: 'asc' } });
  if (segments.length !== end.segment - base.segment + 1) throw badRequest(`The log that leads to ${toTime.toISOString()} is not whole. Choose another time.`);
  return { base, segments, target: later && toTime, room: 2 * base.contentSize + segments.reduce((sum, { contentSize }) => sum + contentSize, SPARE_BYTES) };
}

/** A base alone is none to begin with: it needs the log that was written beside it. */
const WHOLE_BASES = `from recovery_part base where base.database_id = ? and base.kind = 'BASE' and exists (
  select 1 from recovery_part segment where segment.database_id = base.database_id and segment.chain = base.chain and segment.kind = 'SEGMENT' and segment.reached_at >= base.reached_at)`;

/** The first time that can be recovered; null while there is none. */
export async function earliestOf(em: EntityManager, databaseId: string): Promise<Date | null> {
  const [row] = await em.execute<{ earliest: string | Date | null }[]>(`select min(base.reached_at) as earliest ${WHOLE_BASES}`, [databaseId]);
  return row?.earliest ? new Date(row.earliest) : null;
}

async function baseBefore(em: EntityManager, databaseId: string, time: Date): Promise<RecoveryPart> {
  const [row] = await em.execute<{ id: string }[]>(`select base.id ${WHOLE_BASES} and base.reached_at <= ? order by base.reached_at desc limit 1`, [databaseId, time]);
  return em.findOneOrFail(RecoveryPart, { id: row?.id ?? '' });
}
