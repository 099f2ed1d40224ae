import type { EntityManager } from '@mikro-orm/postgresql';
import type { LogSource } from '../../port.js';
import { sourceKey } from '../log-source-pods.js';

/** Whose lines are kept. */
export interface KeptSource {
  /** As rows name it. */
  key: string;
  teamId: string;
  source: LogSource;
}

/** All services and databases, paused ones too: what is about to stop still has something to say. */
export async function keptSources(em: EntityManager): Promise<KeptSource[]> {
  const rows = await em.execute<{ kind: 'service' | 'database'; id: string; team_id: string; namespace: string }[]>(
    `select 'service' as kind, service.id, service.team_id, environment.namespace from service join environment on environment.id = service.environment_id where service.deleted_at is null
     union all
     select 'database', managed_database.id, managed_database.team_id, environment.namespace
       from managed_database join environment on environment.id = managed_database.environment_id where managed_database.deleted_at is null`,
  );
  return rows.map(({ kind, id, team_id, namespace }) => {
    const source: LogSource = kind === 'service' ? { serviceId: id, namespace } : { databaseId: id, namespace };
    return { key: sourceKey(source), teamId: team_id, source };
  });
}
