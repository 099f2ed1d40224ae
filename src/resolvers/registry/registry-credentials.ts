import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess, requireTeam } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { HIDDEN } from '../../entities/audit-event.js';
import { newId } from '../../entities/columns.js';
import { RegistryCredential } from '../../entities/registry-credential.js';
import { notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { SetRegistryCredentialInput } from '../../schema/registry-credential.inputs.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';

@Resolver()
export class RegistryCredentialResolver {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
  ) {}

  @Query(() => [RegistryCredential], { description: "A team's ways into private registries; never a password." })
  async registryCredentials(@Ctx() { em, actor }: RequestContext, @Arg('teamId', () => ID) teamId: string): Promise<RegistryCredential[]> {
    await requireAccess(em, actor, 'Query.registryCredentials', 'team', teamId);
    return em.find(RegistryCredential, { teamId }, { orderBy: { registry: 'asc' }, disableIdentityMap: true });
  }

  @Mutation(() => RegistryCredential, { description: 'Gives a team its way into a private registry, in place of an earlier one into the same.' })
  async setRegistryCredential(@Ctx() context: RequestContext, @Arg('input', () => SetRegistryCredentialInput) input: SetRegistryCredentialInput): Promise<RegistryCredential> {
    const { registry, username, password } = input;
    return inTransaction(context, async (tx) => {
      const teamId = await requireTeam(tx, context.actor, 'Mutation.setRegistryCredential', input.teamId);
      const earlier = await tx.findOne(RegistryCredential, { teamId, registry });
      if (earlier) {
        tx.remove(earlier);
        await tx.flush();
      }
      // A row of its own for each password: what is sealed is bound to its row.
      const id = newId();
      const sealedPassword = await this.vault.seal(tx, teamId, id, password);
      const credential = tx.create(RegistryCredential, { id, teamId, registry, username, sealedPassword, createdAt: new Date() });
      await tx.flush();
      await this.tellServices(tx, teamId, registry);
      const before = earlier && { username: earlier.username, password: HIDDEN };
      await recordAudit(tx, context, { action: 'setRegistryCredential', teamId, target: { kind: 'registryCredential', id, name: registry }, before, after: { username, password: HIDDEN } });
      return credential;
    });
  }

  @Mutation(() => RegistryCredential, { description: 'Takes a way into a registry away. What runs goes on; a new pod may not get its image.' })
  async deleteRegistryCredential(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<RegistryCredential> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireAccess(tx, context.actor, 'Mutation.deleteRegistryCredential', 'registryCredential', id);
      const credential = await tx.findOne(RegistryCredential, { id });
      if (!credential) throw notFound();
      const { registry, username } = credential;
      await tx.nativeDelete(RegistryCredential, { id });
      await this.tellServices(tx, teamId, registry);
      await recordAudit(tx, context, { action: 'deleteRegistryCredential', teamId, target: { kind: 'registryCredential', id, name: registry }, before: { username } });
      return credential;
    });
  }

  /** Those whose pods pull with it have it in the cluster, too. */
  private async tellServices(tx: EntityManager, teamId: string, registry: string): Promise<void> {
    const rows = await tx.execute<{ id: string }[]>(
      `select distinct service.id from service join deployment on deployment.id in (service.current_deployment_id, service.latest_deployment_id)
       where service.team_id = ? and service.deleted_at is null and deployment.pull_registry = ? order by service.id`,
      [teamId, registry],
    );
    for (const { id } of rows) await this.orchestrator.wake(tx, `service/${id}`);
  }
}
