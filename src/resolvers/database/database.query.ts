import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess, requireId, withinTeamsOf, type Condition } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { connectionUrl, DATABASE_ENGINES } from '../../entities/database-catalogue.js';
import { DatabaseUsage } from '../../entities/database-usage.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { notFound } from '../../errors.js';
import { Page } from '../../schema/connection.js';
import { DatabaseConnection, DatabasePage } from '../../schema/database.types.js';
import { pageWish } from '../../schema/page.js';
import type { Vault } from '../../vault/vault.js';
import { readDatabases, type DatabaseRow } from './database-rows.js';

@Resolver()
export class DatabaseQuery {
  constructor(private readonly vault: Vault) {}

  @Query(() => DatabasePage, { description: "The caller's databases, oldest first, also those that are deleted and still kept: of all its teams, or of one; of all environments, or of those of one name." })
  async databases(
    @Ctx() { em, actor }: RequestContext,
    @Arg('teamId', () => ID, { nullable: true }) teamId: string | null,
    @Arg('environment', () => String, { nullable: true }) environment: string | null,
    @Arg('first', () => Int, { nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<Page<DatabaseRow>> {
    const page = pageWish(first, after);
    const conditions: Condition[] = [withinTeamsOf(actor, 'd.team_id')];
    if (teamId != null) conditions.push({ sql: 'd.team_id = ?', params: [await requireAccess(em, actor, 'Query.databases', 'team', teamId)] });
    if (environment != null) conditions.push({ sql: 'environment.name = ?', params: [environment] });
    return new Page(await readDatabases(em, conditions, page), page);
  }

  @Query(() => ManagedDatabase)
  async database(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<DatabaseRow> {
    const [database] = await readDatabases(em, [withinTeamsOf(actor, 'd.team_id'), { sql: 'd.id = ?', params: [requireId(id)] }], pageWish(null, null));
    if (!database) throw notFound();
    return database;
  }

  @Query(() => DatabaseUsage, { nullable: true, description: 'How busy and how full a database was when it was last looked at, about once a minute; null until it has first answered.' })
  async databaseUsage(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<DatabaseUsage | null> {
    await requireAccess(em, actor, 'Query.databaseUsage', 'database', id);
    return em.fork().findOne(DatabaseUsage, { databaseId: id });
  }

  @Query(() => DatabaseConnection, { description: 'How to connect, credentials included. Each look is in the log of the team.' })
  async databaseConnection(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<DatabaseConnection> {
    const { em, actor } = context;
    await requireAccess(em, actor, 'Query.databaseConnection', 'database', id);
    const database = await em.findOne(ManagedDatabase, { id });
    if (!database) throw notFound();
    const engine = DATABASE_ENGINES[database.type];
    const password = await this.vault.open(em, database.teamId, id, database.sealedPassword);
    await recordAudit(em.fork(), context, { action: 'databaseConnection', teamId: database.teamId, target: { kind: 'database', id, name: database.name } });
    return {
      databaseId: id,
      host: database.name,
      port: engine.port,
      username: engine.user,
      password,
      database: engine.database,
      url: connectionUrl(database.type, database.name, password),
    };
  }
}
