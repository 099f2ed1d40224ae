import { randomBytes } from 'node:crypto';
import { LockMode, UniqueConstraintViolationException, type EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { requireAccess, requireTeam } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { DATABASE_ENGINES, DEFAULT_VERSIONS, type DatabaseSizes } from '../../entities/database-catalogue.js';
import { DatabaseSize, DatabaseType } from '../../entities/database-state.js';
import { Environment, PRODUCTION } from '../../entities/environment.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { invalidInput } from '../../schema/check-input.js';
import { CreateDatabaseInput } from '../../schema/create-database.input.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { readDatabase, type DatabaseRow } from './database-rows.js';

const PASSWORD_BYTES = 24;

/** Letters and digits only: no engine, shell or address has to quote it. */
export const newPassword = (): string => randomBytes(PASSWORD_BYTES).toString('hex');

@Resolver()
export class CreateDatabaseMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
    private readonly sizes: DatabaseSizes,
  ) {}

  @Mutation(() => ManagedDatabase, { description: 'A new database; it is available once the engine answers with its new credentials. Needs a cluster.' })
  async createDatabase(@Ctx() context: RequestContext, @Arg('input', () => CreateDatabaseInput) input: CreateDatabaseInput): Promise<DatabaseRow> {
    const intent = intentOf(context, input, this.sizes);
    needsCluster(context.actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const teamId = await requireTeam(tx, context.actor, 'Mutation.createDatabase', input.teamId);
      const environment = await tx.findOne(Environment, { teamId, name: input.environment ?? PRODUCTION, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_READ });
      if (!environment) throw invalidInput(context, [{ path: 'environment', message: 'does not exist in this team; create it first' }]);
      await requireAccess(tx, context.actor, 'Mutation.createDatabase', 'environment', environment.id);
      const id = newId();
      const sealedPassword = await this.vault.seal(tx, teamId, id, newPassword());
      await insertDatabase(tx, context, Object.assign(new ManagedDatabase(), intent, { id, teamId, environmentId: environment.id, sealedPassword, createdAt: new Date() }));
      await this.orchestrator.wake(tx, `database/${id}`);
      return readDatabase(tx, id);
    });
  }
}

type Intent = Pick<ManagedDatabase, 'name' | 'type' | 'version' | 'size' | 'resources' | 'storage'>;

function intentOf(context: RequestContext, input: CreateDatabaseInput, sizes: DatabaseSizes): Intent {
  const type = input.type as DatabaseType;
  const size = (input.size ?? DatabaseSize.SMALL) as DatabaseSize;
  const version = input.version ?? DEFAULT_VERSIONS[type];
  const { versions } = DATABASE_ENGINES[type];
  if (!Object.hasOwn(versions, version)) throw invalidInput(context, [{ path: 'version', message: `must be one of ${Object.keys(versions).join(', ')} for ${type}` }]);
  const { cpu, memory, storage } = sizes[size];
  return { name: input.name, type, version, size, resources: { cpu, memory }, storage: input.storage ?? storage };
}

/** Throws BAD_REQUEST where its name is taken. */
export async function insertDatabase(tx: EntityManager, context: RequestContext, database: ManagedDatabase): Promise<void> {
  try {
    await tx.persist(database).flush();
  } catch (error) {
    if (!(error instanceof UniqueConstraintViolationException)) throw error;
    throw invalidInput(context, [{ path: 'name', message: 'is already taken in this environment, by a service or by a database (also by one that was deleted and is still kept)' }]);
  }
}
