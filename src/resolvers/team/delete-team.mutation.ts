import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { DeploymentState, ReasonCode } from '../../entities/deployment-state.js';
import { Environment } from '../../entities/environment.js';
import { Host } from '../../entities/host.js';
import { Invitation } from '../../entities/invitation.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Membership } from '../../entities/membership.js';
import { Service } from '../../entities/service.js';
import { Team } from '../../entities/team.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { changeIntent, endUnfinished } from '../deployment/start-deployment.js';
import { forgetDrains } from '../log-drain/forget-drains.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockTeam } from './lock-team.js';
import type { TeamRow } from './team-rows.js';
import { belongings, tell } from './belongings.js';

@Resolver()
export class DeleteTeamMutation {
  constructor(private readonly orchestrator: Orchestrator) {}

  @Mutation(() => Team, { description: 'Deletes a team. Refused while it owns anything, unless its name is given to confirm that all of it goes too; that needs a cluster.' })
  async deleteTeam(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('confirm', () => String, { nullable: true, description: 'The name of the team.' }) confirm: string | null,
  ): Promise<TeamRow> {
    return inTransaction(context, async (tx) => {
      const { team, role } = await lockTeam(tx, context.actor, 'Mutation.deleteTeam', id);
      if (team.personal) throw badRequest('A personal team is not deleted: it goes with its account.');
      if (confirm != null && confirm !== team.name) throw badRequest('The name that was given to confirm is not the name of this team.');
      const owned = await belongings(tx, id);
      if (owned.length > 0 && confirm == null) throw badRequest(`The team still owns ${tell(owned)}. Delete them first, or confirm with the name of the team that all of it goes.`);
      await this.deleteServices(tx, context, id);
      await this.deleteDatabases(tx, context, id);
      await this.deleteEnvironments(tx, id);
      await tx.execute('delete from service_env_group where group_id in (select id from env_group where team_id = ?)', [id]);
      await tx.execute('update env_group set deleted_at = now() where team_id = ? and deleted_at is null', [id]);
      await tx.execute("update preview set state = 'CLOSED', ended = true, closed_at = now(), message = 'The team was deleted.' where team_id = ? and state <> 'CLOSED'", [id]);
      await tx.execute('delete from registry_credential where team_id = ?', [id]);
      await forgetDrains(tx, { teamId: id });
      await tx.nativeUpdate(Invitation, { teamId: id, acceptedAt: null, revokedAt: null }, { revokedAt: new Date() });
      await tx.nativeDelete(Membership, { teamId: id });
      await tx.execute('update token set revoked_at = now() where team_id = ? and revoked_at is null', [id]);
      team.deletedAt = new Date();
      await recordAudit(tx, context, { action: 'deleteTeam', teamId: id, target: { kind: 'team', id, name: team.name }, before: { owned: owned.map(({ count, noun }) => `${count} ${noun}`) } });
      return { id, name: team.name, personal: team.personal, createdAt: team.createdAt, role };
    });
  }

  private async deleteServices(tx: EntityManager, context: RequestContext, teamId: string): Promise<void> {
    const services = await tx.find(Service, { teamId, deletedAt: null }, { orderBy: { id: 'asc' } });
    if (services.length > 0) needsCluster(context.actor, this.orchestrator);
    for (const service of services) {
      await endUnfinished(tx, [service.id], DeploymentState.CANCELED, { code: ReasonCode.CANCELED, message: 'The team was deleted.' });
      service.deletedAt = new Date();
      await changeIntent(tx, service, this.orchestrator);
      await tx.nativeDelete(Host, { serviceId: service.id });
    }
  }

  /** They stop at once; their volumes go after the same grace as those of any deleted database, and their namespaces with them. */
  private async deleteDatabases(tx: EntityManager, context: RequestContext, teamId: string): Promise<void> {
    const databases = await tx.find(ManagedDatabase, { teamId, deletedAt: null }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE });
    if (databases.length > 0) needsCluster(context.actor, this.orchestrator);
    for (const database of databases) {
      database.markDeleted(new Date());
      await tx.flush();
      await this.orchestrator.wake(tx, `database/${database.id}`);
    }
  }

  private async deleteEnvironments(tx: EntityManager, teamId: string): Promise<void> {
    for (const environment of await tx.find(Environment, { teamId, deletedAt: null })) {
      environment.deletedAt = new Date();
      await tx.flush();
      await this.orchestrator.wake(tx, `environment/${environment.id}`);
    }
  }
}
