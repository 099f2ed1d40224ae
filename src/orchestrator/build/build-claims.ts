import type { EntityManager } from '@mikro-orm/postgresql';
import { BuildState } from '../../entities/build-state.js';
import { Build } from '../../entities/build.js';
import { newId } from '../../entities/columns.js';

/** A run that was not heard of for so long has died with its server. */
const DEAD_SECONDS = 20;
const MOST_ATTEMPTS = 3;

export interface BuildLimits {
  atOnce: number;
  ofTeam: number;
}

export type Claim = { kind: 'taken'; runner: string; attempts: number } | { kind: 'waits'; message: string } | { kind: 'elsewhere' } | { kind: 'given-up' };

/** Takes a build for a run of this server, where the limits allow one more: over all servers, because the rows are counted. */
export async function claimBuild(tx: EntityManager, build: Pick<Build, 'id' | 'teamId'>, limits: BuildLimits): Promise<Claim> {
  await tx.execute(`select pg_advisory_xact_lock(hashtext('apex builds'))`);
  const rows = await tx.execute<{ id: string; team_id: string; state: BuildState; attempts: number; alive: boolean | null }[]>(
    `select id, team_id, state, attempts, heard_at > now() - make_interval(secs => ?) as alive from build where state in ('QUEUED', 'RUNNING')`,
    [DEAD_SECONDS],
  );
  const own = rows.find(({ id }) => id === build.id);
  if (!own) return { kind: 'elsewhere' };
  const running = rows.filter(({ state, alive }) => state === BuildState.RUNNING && alive);
  if (running.includes(own)) return { kind: 'elsewhere' };
  if (own.attempts >= MOST_ATTEMPTS) return { kind: 'given-up' };
  if (running.filter(({ team_id }) => team_id === build.teamId).length >= limits.ofTeam) return { kind: 'waits', message: 'Waiting for another build of the team to end.' };
  if (running.length >= limits.atOnce) return { kind: 'waits', message: 'Waiting for other builds to end.' };
  const runner = newId();
  await tx.execute(`update build set state = 'RUNNING', runner = ?, heard_at = now(), attempts = attempts + 1, started_at = coalesce(started_at, now()), message = null where id = ?`, [runner, build.id], 'run');
  return { kind: 'taken', runner, attempts: own.attempts + 1 };
}

/** Says that a run lives. False once it is no longer this one's: the build was canceled, or taken over. */
export async function hearOf(em: EntityManager, id: string, runner: string): Promise<boolean> {
  const rows = await em.execute<unknown[]>(`update build set heard_at = now() where id = ? and runner = ? and state = 'RUNNING' returning 1`, [id, runner]);
  return rows.length === 1;
}

/** Ends a run, in the caller's transaction. False where it is no longer this one's: then nothing else of it may be written either. */
export async function endRun(tx: EntityManager, id: string, runner: string, end: Partial<Pick<Build, 'state' | 'digest' | 'failingStep' | 'message'>> & { state: BuildState }): Promise<boolean> {
  const again = end.state === BuildState.QUEUED;
  return (await tx.nativeUpdate(Build, { id, runner, state: BuildState.RUNNING }, { ...end, runner: null, heardAt: null, endedAt: again ? null : new Date() })) === 1;
}
