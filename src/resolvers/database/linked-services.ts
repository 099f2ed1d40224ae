import type { EntityManager } from '@mikro-orm/postgresql';

/** The services with a variable that refers to the database, by name. */
export const linkedServices = (em: EntityManager, databaseId: string): Promise<{ id: string; name: string; key: string }[]> =>
  em.execute(
    `select service.id, service.name, variable.key from variable join service on service.id = variable.service_id
     where variable.database_id = ? and variable.replaced_at is null and service.deleted_at is null order by service.name, variable.key`,
    [databaseId],
  );
