import { LockMode } from '@mikro-orm/postgresql';
import { Ctx, Int, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Preview } from '../../entities/preview.js';
import { PreviewState } from '../../entities/preview-state.js';
import { inTransaction } from '../in-transaction.js';
import type { PreviewEnvironments } from './preview-environments.js';

const AT_ONCE = 20;

@Resolver()
export class CloseIdlePreviewsMutation {
  constructor(
    private readonly environments: PreviewEnvironments,
    private readonly idleDays: number,
  ) {}

  @Mutation(() => Int, { description: 'Closes previews in which nothing has happened for as long as the installation says, and answers how many. Only a clock of the server may call it.' })
  async closeIdlePreviews(@Ctx() context: RequestContext): Promise<number> {
    if (this.idleDays === 0) return 0;
    const idle = await context.em.execute<{ id: string }[]>(
      `select id from preview where state <> 'CLOSED' and last_activity_at < now() - make_interval(days => ?) order by last_activity_at limit ${AT_ONCE}`,
      [this.idleDays],
    );
    let closed = 0;
    for (const { id } of idle) if (await this.closed(context, id)) closed += 1;
    return closed;
  }

  /** Each in a transaction of its own; one that was pushed to meanwhile stays. */
  private closed(context: RequestContext, id: string): Promise<boolean> {
    const before = new Date(Date.now() - this.idleDays * 86_400_000);
    return inTransaction(context, async (tx) => {
      const preview = await tx.findOne(Preview, { id, state: { $ne: PreviewState.CLOSED }, lastActivityAt: { $lt: before } }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!preview) return false;
      await this.environments.close(tx, preview, `Nothing has happened for ${this.idleDays === 1 ? 'a day' : `${this.idleDays} days`}; the next push to the pull request brings it back.`, context);
      return true;
    });
  }
}
