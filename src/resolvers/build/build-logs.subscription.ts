import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { BUILD_MOVES } from '../../entities/build-state.js';
import type { Events } from '../../events.js';
import { BuildLogBatch } from '../../schema/build-log.types.js';
import type { Vault } from '../../vault/vault.js';
import type { AccessWatch } from '../subscription/access-watch.js';
import { notWired, type EventSource } from '../subscription/event-source.js';
import { whileAllowed } from '../subscription/while-allowed.js';
import { lineNumber, readBuild, readBuildLog } from './build-log-rows.js';

interface Args {
  deploymentId: string;
  after?: string | null;
}

@Resolver()
export class BuildLogsSubscription implements EventSource {
  readonly subscription = 'buildLogs';

  constructor(
    private readonly vault: Vault,
    private readonly bus: Events,
    private readonly access: AccessWatch,
  ) {}

  @Subscription(() => BuildLogBatch, { subscribe: notWired, description: "A deployment's build, its lines as they come, from the first or from behind a cursor, each once; it ends with the build." })
  buildLogs(
    @Root() batch: BuildLogBatch,
    @Arg('deploymentId', () => ID) _deploymentId: string,
    @Arg('after', () => String, { nullable: true, description: 'A cursor: go on behind it.' }) _after: string | null,
  ): BuildLogBatch {
    return batch;
  }

  async events({ deploymentId, after }: Args, context: RequestContext) {
    const from = lineNumber(after);
    const coordinate = 'Subscription.buildLogs';
    const check = (em: EntityManager) => requireAccess(em, context.actor, coordinate, 'deployment', deploymentId);
    await check(context.em);
    const { serviceId } = await readBuild(context.em, deploymentId);
    const open = (signal: AbortSignal) => this.lines(context, deploymentId, from, () => check(context.em), signal);
    return whileAllowed({ context, access: this.access, coordinate: `${coordinate} ${deploymentId}`, serviceId, check, open });
  }

  private async *lines({ em }: RequestContext, deploymentId: string, from: number, check: () => Promise<unknown>, signal: AbortSignal): AsyncGenerator<BuildLogBatch> {
    // Listened to before the first reading, so that no line falls in between.
    const changes = this.bus.subscribe('build.changed', signal)[Symbol.asyncIterator]();
    for (let last = from; !signal.aborted; ) {
      // The row first: what a build says last is then among the lines read after it.
      const build = await readBuild(em, deploymentId);
      const batch = await readBuildLog(em, this.vault, build, last);
      if (batch.lines.length > 0) {
        last = Number(batch.cursor);
        yield batch;
        continue;
      }
      if (BUILD_MOVES[build.state].length === 0) return;
      for (;;) {
        const { done, value } = await changes.next();
        if (done) return;
        if (value === null || value.buildId === build.id) break;
      }
      await check();
    }
  }
}
