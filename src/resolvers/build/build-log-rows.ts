import type { EntityManager } from '@mikro-orm/postgresql';
import type { BuildLine } from '../../entities/build-log.js';
import type { BuildState } from '../../entities/build-state.js';
import { notFound } from '../../errors.js';
import { BuildLogBatch } from '../../schema/build-log.types.js';
import { invalid } from '../../schema/check-input.js';
import type { Vault } from '../../vault/vault.js';

/** So many chunks are opened at once. */
const CHUNKS = 200;

export interface BuildFacts {
  id: string;
  teamId: string;
  serviceId: string;
  state: BuildState;
}

/** The build of a deployment. Throws NOT_FOUND where it has none. */
export async function readBuild(em: EntityManager, deploymentId: string): Promise<BuildFacts> {
  const [row] = await em.execute<{ id: string; team_id: string; service_id: string; state: BuildState }[]>('select id, team_id, service_id, state from build where deployment_id = ?', [deploymentId]);
  if (!row) throw notFound();
  return { id: row.id, teamId: row.team_id, serviceId: row.service_id, state: row.state };
}

/** The lines behind the `after`th, as many as there are, up to some thousands. */
export async function readBuildLog(em: EntityManager, vault: Vault, build: BuildFacts, after: number): Promise<BuildLogBatch> {
  const rows = await em.execute<{ id: string; first_line: number; sealed_text: string }[]>(
    'select id, first_line, sealed_text from build_log where build_id = ? and first_line + lines > ? order by first_line limit ?',
    [build.id, after + 1, CHUNKS],
  );
  const lines: BuildLogBatch['lines'] = [];
  for (const { id, first_line: first, sealed_text: sealed } of rows) {
    const opened = JSON.parse(await vault.open(em, build.teamId, id, sealed)) as BuildLine[];
    for (const [n, { at, step, message }] of opened.entries()) {
      const number = first + n;
      if (number > after) lines.push({ number, timestamp: new Date(at), step, message });
    }
  }
  return { lines, cursor: String(lines.at(-1)?.number ?? after), state: build.state };
}

/** The number of the line that a cursor stands for. Throws BAD_REQUEST. */
export function lineNumber(after: string | null | undefined): number {
  if (after == null) return 0;
  if (!/^\d{1,9}$/.test(after)) throw invalid([{ path: 'after', message: 'must be a cursor of this build' }]);
  return Number(after);
}
