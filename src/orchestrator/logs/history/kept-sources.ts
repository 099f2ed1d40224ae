import type { EntityManager } from '@mikro-orm/postgresql';
import type { LogSource } from '../../port.js';

/** Whose lines are kept. */
export interface KeptSource extends LogSource {
  /** As rows name it. */
  key: string;
  teamId: string;
}

/** All services, paused ones too: what is about to stop still has something to say. */
export async function keptSources(em: EntityManager): Promise<KeptSource[]> {
  const rows = await em.execute<{ id: string; team_id: string; namespace: string }[]>(
    `select service.id, service.team_id, environment.namespace from service join environment on environment.id = service.environment_id
     where service.deleted_at is null`,
  );
  return rows.map(({ id, team_id, namespace }) => ({ key: `service/${id}`, serviceId: id, namespace, teamId: team_id }));
}
