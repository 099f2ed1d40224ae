import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { DeploymentReason } from '../../entities/deployment.js';
import { ApexError } from '../../errors.js';
import type { Vault } from '../../vault/vault.js';
import type { ReasonRow } from '../service/service-rows.js';

@Resolver(() => DeploymentReason)
export class DeploymentReasonFields {
  constructor(private readonly vault: Vault) {}

  @FieldResolver(() => [String], { nullable: true })
  async lastLines(@Root() reason: DeploymentReason, @Ctx() { em, actor }: RequestContext): Promise<string[] | null> {
    const { deploymentId, serviceId } = reason as ReasonRow;
    const [row] = await em.execute<{ sealed_last_lines: string | null }[]>('select sealed_last_lines from deployment where id = ?', [deploymentId]);
    if (!row?.sealed_last_lines) return null;
    try {
      const teamId = await requireAccess(em, actor, 'Query.serviceLogs', 'service', serviceId);
      return JSON.parse(await this.vault.open(em, teamId, deploymentId, row.sealed_last_lines)) as string[];
    } catch (error) {
      if (error instanceof ApexError) return null;
      throw error;
    }
  }
}
