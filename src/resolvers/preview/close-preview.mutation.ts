import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Preview } from '../../entities/preview.js';
import { PreviewState } from '../../entities/preview-state.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockPreview } from './lock-preview.js';
import type { PreviewEnvironments } from './preview-environments.js';
import { readPreview, type PreviewReading, type PreviewRow } from './preview-rows.js';

@Resolver()
export class ClosePreviewMutation {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly environments: PreviewEnvironments,
    private readonly reading: PreviewReading,
  ) {}

  @Mutation(() => Preview, { description: 'Deletes a preview with all that is in it, its databases included. The next push to the pull request brings it back. Needs a cluster.' })
  async closePreview(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<PreviewRow> {
    needsCluster(context.actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const preview = await lockPreview(tx, context.actor, 'Mutation.closePreview', id);
      if (preview.state !== PreviewState.CLOSED) await this.environments.close(tx, preview, 'A member closed it; the next push to the pull request brings it back.', context);
      return readPreview(tx, id, this.reading);
    });
  }
}
