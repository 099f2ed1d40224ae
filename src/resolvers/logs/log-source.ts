import type { EntityManager } from '@mikro-orm/postgresql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import { notFound } from '../../errors.js';
import type { LogFilter, LogSource, LogStart } from '../../orchestrator/port.js';
import { invalid } from '../../schema/check-input.js';
import { compilePattern } from '../../schema/line-pattern.js';
import type { LogFilterInput } from '../../schema/log.types.js';

const MAX_TAIL = 10_000;
const DEFAULT_TAIL = 500;

/** Where the lines of a service come from, where the actor may do `coordinate` to it. Throws NOT_FOUND or FORBIDDEN. */
export async function logSource(em: EntityManager, actor: Actor, coordinate: string, serviceId: string): Promise<LogSource> {
  await requireAccess(em, actor, coordinate, 'service', serviceId);
  const [row] = await em.execute<{ namespace: string }[]>(
    'select environment.namespace from service join environment on environment.id = service.environment_id where service.id = ? and service.deleted_at is null',
    [serviceId],
  );
  if (!row) throw notFound();
  return { serviceId, namespace: row.namespace };
}

/** The same of a database. */
export async function databaseLogSource(em: EntityManager, actor: Actor, coordinate: string, databaseId: string): Promise<LogSource> {
  await requireAccess(em, actor, coordinate, 'database', databaseId);
  const [row] = await em.execute<{ namespace: string }[]>(
    'select environment.namespace from managed_database join environment on environment.id = managed_database.environment_id where managed_database.id = ? and managed_database.deleted_at is null',
    [databaseId],
  );
  if (!row) throw notFound();
  return { databaseId, namespace: row.namespace };
}

/** The same of the step before a deployment's rollout. */
export async function preDeployLogSource(em: EntityManager, actor: Actor, coordinate: string, deploymentId: string): Promise<LogSource> {
  await requireAccess(em, actor, coordinate, 'deployment', deploymentId);
  const [row] = await em.execute<{ namespace: string }[]>(
    'select environment.namespace from deployment join service on service.id = deployment.service_id join environment on environment.id = service.environment_id where deployment.id = ?',
    [deploymentId],
  );
  if (!row) throw notFound();
  return { preDeployOf: deploymentId, namespace: row.namespace };
}

/** From where on. Throws BAD_REQUEST. Without any start it is the last lines. */
export function logStart({ tail, since, after }: { tail?: number | null; since?: Date | null; after?: string | null }): LogStart {
  if (tail != null && (tail < 0 || tail > MAX_TAIL)) throw invalid([{ path: 'tail', message: `must be from 0 to ${MAX_TAIL}` }]);
  const wanted = tail ?? (since || after ? undefined : DEFAULT_TAIL);
  return { tail: wanted, since: since ?? undefined, after: after ?? undefined };
}

export const logFilter = (filter: LogFilterInput | null | undefined): LogFilter => ({
  text: filter?.text ?? undefined,
  regex: filter?.regex == null ? undefined : compilePattern(filter.regex),
  level: filter?.level ?? undefined,
  replica: filter?.replica ?? undefined,
  stream: filter?.stream ?? undefined,
  deploymentId: filter?.deploymentId ?? undefined,
});
