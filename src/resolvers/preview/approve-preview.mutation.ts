import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { Preview } from '../../entities/preview.js';
import { PreviewState } from '../../entities/preview-state.js';
import { badRequest } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { inTransaction } from '../in-transaction.js';
import { needsCluster } from '../needs-cluster.js';
import { lockPreview } from './lock-preview.js';
import type { PreviewEnvironments } from './preview-environments.js';
import { previewedServices } from './preview-plan.js';
import { readPreview, type PreviewReading, type PreviewRow } from './preview-rows.js';

@Resolver()
export class ApprovePreviewMutation {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly environments: PreviewEnvironments,
    private readonly reading: PreviewReading,
  ) {}

  @Mutation(() => Preview, { description: "Approves one commit of a fork's pull request: it is built and run, with the variables of the services that it previews. The next commit has to be approved anew. Needs a cluster." })
  async approvePreview(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('commit', () => String, { description: 'The commit that you looked at; refused where it is not the newest any more.' }) commit: string,
  ): Promise<PreviewRow> {
    const { actor } = context;
    needsCluster(actor, this.orchestrator);

    return inTransaction(context, async (tx) => {
      const preview = await lockPreview(tx, actor, 'Mutation.approvePreview', id);
      if (preview.state !== PreviewState.AWAITING_APPROVAL) throw badRequest('The preview awaits no approval.');
      if (preview.commit !== commit) throw badRequest('The pull request has a newer commit than the one to approve: look at that one first.', [{ path: 'commit', message: 'must be the newest commit of the pull request' }]);
      const services = await previewedServices(tx, preview, { teamId: preview.teamId, hosts: null });
      if (services.length === 0) throw badRequest(`No service that follows ${preview.repository} has previews on any more.`);
      preview.approvedCommit = commit;
      preview.approvedBy = actor.kind === 'account' ? actor.accountId : null;
      await recordAudit(tx, context, { action: 'approvePreview', teamId: preview.teamId, target: { kind: 'preview', id, name: `${preview.repository}#${preview.number}` }, after: { commit } });
      await this.environments.deploy(tx, preview, services, context);
      return readPreview(tx, id, this.reading);
    });
  }
}
