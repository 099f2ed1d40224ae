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

/** All services and databases, paused ones too: what is about to stop still has something to say. And the steps before rollouts that go on, or ended just now. */
export async function keptSources(em: EntityManager): Promise<KeptSource[]> {
  const rows = await em.execute<{ kind: 'service' | 'database' | 'pre-deploy'; id: string; team_id: string; namespace: string }[]>(
    `select 'service' as kind, service.id, service.team_id, environment.namespace from service join environment on environment.id = service.environment_id where service.deleted_at is null
     union all
     select 'database', managed_database.id, managed_database.team_id, environment.namespace
       from managed_database join environment on environment.id = managed_database.environment_id where managed_database.deleted_at is null
     union all
     select 'pre-deploy', deployment.id, service.team_id, environment.namespace
       from deployment join service on service.id = deployment.service_id and service.deleted_at is null join environment on environment.id = service.environment_id
      where deployment.pre_deploy_started_at is not null and (deployment.ended_at is null or deployment.ended_at > now() - interval '30 seconds')`,
  );
  return rows.map(({ kind, id, team_id, namespace }) => {
    const source: LogSource = { namespace, ...(kind === 'service' ? { serviceId: id } : kind === 'database' ? { databaseId: id } : { preDeployOf: id }) };
    return { key: sourceKey(source), teamId: team_id, source };
  });
}
