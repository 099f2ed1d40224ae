import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { BuildLogBatch } from '../../schema/build-log.types.js';
import type { Vault } from '../../vault/vault.js';
import { lineNumber, readBuild, readBuildLog } from './build-log-rows.js';

@Resolver()
export class BuildLogsQuery {
  constructor(private readonly vault: Vault) {}

  @Query(() => BuildLogBatch, { description: "What a deployment's build has said so far. It is kept as long as the service." })
  async buildLogs(
    @Ctx() { em, actor }: RequestContext,
    @Arg('deploymentId', () => ID) deploymentId: string,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: go on behind it.' }) after: string | null,
  ): Promise<BuildLogBatch> {
    const from = lineNumber(after);
    await requireAccess(em, actor, 'Query.buildLogs', 'deployment', deploymentId);
    return readBuildLog(em, this.vault, await readBuild(em, deploymentId), from);
  }
}
