import type { EntityManager } from '@mikro-orm/postgresql';
import { Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Preview } from '../../entities/preview.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { GithubRefusal, type GithubApi } from '../../outside/github-api.js';
import { readPreview, type PreviewReading } from '../preview/preview-rows.js';
import { commitStatus } from './commit-status.js';
import { commentMarker, previewComment } from './preview-comment.js';
import { closeReport, postponeAllReports, postponeReport, readDeploymentFacts, takeDueReport, type DueReport } from './report-facts.js';

export interface ReportParts {
  api: Pick<GithubApi, 'setStatus' | 'writeComment'>;
  /** The installation's own token; without one nothing is sent. */
  token: string | undefined;
  orchestrator: Pick<Orchestrator, 'urlOf'>;
  reading: PreviewReading;
}

/** Then the clock calls again. */
const ENOUGH_MS = 4_000;
const MOST_ATTEMPTS = 12;
const LONGEST_WAIT_SECONDS = 900;

const UNPROVEN = "The installation's token speaks only of what GitHub told the installation's own webhook.";

@Resolver()
export class SendReportsMutation {
  constructor(private readonly parts: ReportParts) {}

  @Mutation(() => Boolean, { description: 'Tells GitHub what there is to tell of deployments and previews, and answers whether there is more. Only a clock of the server may call it.' })
  async sendReports(@Ctx() context: RequestContext): Promise<boolean> {
    const { token } = this.parts;
    if (!token) return false;
    for (const end = performance.now() + ENOUGH_MS; performance.now() < end && !context.signal.aborted; ) {
      const report = await takeDueReport(context.em);
      if (!report) return false;
      await this.send(context, report, token);
    }
    return true;
  }

  /** Whatever happens to a report, the deployment goes its way. */
  private async send({ em, signal, logger }: RequestContext, report: DueReport, token: string): Promise<void> {
    try {
      const why = report.previewId ? await this.comment(em, report.previewId, token, signal) : await this.status(em, report.deploymentId!, token, signal);
      await closeReport(em, report, why);
    } catch (error) {
      const refusal = error instanceof GithubRefusal ? error : new GithubRefusal('An internal error.', false);
      logger.warn({ report: report.id, attempts: report.attempts, reason: refusal.message, ...(refusal !== error && { err: error }) }, 'a report to GitHub was not taken');
      if (refusal.retryAfterSeconds !== null) await postponeAllReports(em, refusal.retryAfterSeconds, refusal.message);
      else if (refusal.isFinal || report.attempts >= MOST_ATTEMPTS) await closeReport(em, report, refusal.message);
      else await postponeReport(em, report, Math.min(2 ** report.attempts, LONGEST_WAIT_SECONDS), refusal.message);
    }
  }

  /** Why nothing was sent, or null. */
  private async status(em: EntityManager, deploymentId: string, token: string, signal: AbortSignal): Promise<string | null> {
    const facts = await readDeploymentFacts(em, deploymentId);
    if (!facts) return 'Its service follows no repository.';
    if (facts.outdone) return 'A newer deployment of the same commit speaks for it.';
    if (facts.old) return 'It ended too long ago.';
    if (!facts.proven) return UNPROVEN;
    await this.parts.api.setStatus(token, commitStatus(facts, (host) => this.parts.orchestrator.urlOf(host)), signal);
    return null;
  }

  private async comment(em: EntityManager, previewId: string, token: string, signal: AbortSignal): Promise<string | null> {
    const { proven, commentId } = await em.fork().findOneOrFail(Preview, { id: previewId });
    if (!proven) return UNPROVEN;
    const preview = await readPreview(em, previewId, this.parts.reading);
    const { repository, number } = preview;
    const id = await this.parts.api.writeComment(token, { repository, number, marker: commentMarker(previewId), body: previewComment(preview), id: commentId }, signal);
    if (id !== commentId) await em.execute('update preview set comment_id = ? where id = ?', [id, previewId]);
    return null;
  }
}
