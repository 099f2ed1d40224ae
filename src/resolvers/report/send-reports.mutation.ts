import type { EntityManager } from '@mikro-orm/postgresql';
import { Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Preview } from '../../entities/preview.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { RegistryCredential } from '../../entities/registry-credential.js';
import type { GithubApi } from '../../outside/github-api.js';
import { isAppKey, type GithubApps } from '../../outside/github-app.js';
import { GithubRefusal } from '../../outside/github-client.js';
import type { Vault } from '../../vault/vault.js';
import { readPreview, type PreviewReading } from '../preview/preview-rows.js';
import { commitStatus } from './commit-status.js';
import { commentMarker, previewComment } from './preview-comment.js';
import { closeReport, postponeAllReports, postponeReport, readDeploymentFacts, takeDueReport, type DueReport } from './report-facts.js';

export interface ReportParts {
  api: Pick<GithubApi, 'setStatus' | 'writeComment'> | null;
  apps: GithubApps | null;
  /** The host of the repositories that the API speaks of. */
  host: string;
  /** The installation's own token, where it has one. */
  token: string | undefined;
  vault: Pick<Vault, 'open'>;
  orchestrator: Pick<Orchestrator, 'urlOf'>;
  reading: PreviewReading;
}

/** Whose word it is. */
interface Voice {
  token: string;
  /** Null for the installation. */
  teamId: string | null;
}

/** Then the clock calls again. */
const ENOUGH_MS = 4_000;
const MOST_ATTEMPTS = 12;
const LONGEST_WAIT_SECONDS = 900;

@Resolver()
export class SendReportsMutation {
  constructor(private readonly parts: ReportParts) {}

  @Mutation(() => Boolean, { description: 'Tells GitHub what there is to tell of deployments and previews, and answers whether there is more. Only a clock of the server may call it.' })
  async sendReports(@Ctx() context: RequestContext): Promise<boolean> {
    const { api } = this.parts;
    if (!api) return false;
    for (const end = performance.now() + ENOUGH_MS; performance.now() < end && !context.signal.aborted; ) {
      const report = await takeDueReport(context.em);
      if (!report) return false;
      await this.send(context, report, api);
    }
    return true;
  }

  /** Whatever happens to a report, the deployment goes its way. */
  private async send({ em, signal, logger }: RequestContext, report: DueReport, api: Pick<GithubApi, 'setStatus' | 'writeComment'>): Promise<void> {
    let voice: Voice | null = null;
    const speaking = (one: Voice): Voice => (voice = one);
    try {
      const why = report.previewId ? await this.comment(em, report.previewId, api, speaking, signal) : await this.status(em, report.deploymentId!, api, speaking, signal);
      await closeReport(em, report, why);
    } catch (error) {
      const refusal = error instanceof GithubRefusal ? error : new GithubRefusal('An internal error.', false);
      logger.warn({ report: report.id, attempts: report.attempts, reason: refusal.message, ...(refusal !== error && { err: error }) }, 'a report to GitHub was not taken');
      if (refusal.retryAfterSeconds !== null) await postponeAllReports(em, refusal.retryAfterSeconds, refusal.message, (voice as Voice | null)?.teamId ?? null);
      else if (refusal.isFinal || report.attempts >= MOST_ATTEMPTS) await closeReport(em, report, refusal.message);
      else await postponeReport(em, report, Math.min(2 ** report.attempts, LONGEST_WAIT_SECONDS), refusal.message);
    }
  }

  /** Why nothing was sent, or null. */
  private async status(em: EntityManager, deploymentId: string, api: Pick<GithubApi, 'setStatus'>, speaking: (voice: Voice) => Voice, signal: AbortSignal): Promise<string | null> {
    const facts = await readDeploymentFacts(em, deploymentId);
    if (!facts) return 'Its service follows no repository.';
    if (facts.outdone) return 'A newer deployment of the same commit speaks for it.';
    if (facts.old) return 'It ended too long ago.';
    if (facts.forge !== this.parts.host) return this.elsewhere();
    const voice = await this.voice(em, facts, signal);
    if (!voice) return this.unheard();
    const lastLines = facts.sealedLastLines === null ? [] : (JSON.parse(await this.parts.vault.open(em, facts.teamId, deploymentId, facts.sealedLastLines)) as string[]);
    await api.setStatus(speaking(voice).token, commitStatus(facts, lastLines, (host) => this.parts.orchestrator.urlOf(host)), signal);
    return null;
  }

  private async comment(em: EntityManager, previewId: string, api: Pick<GithubApi, 'writeComment'>, speaking: (voice: Voice) => Voice, signal: AbortSignal): Promise<string | null> {
    const { proven, commentId, teamId, url, repository } = await em.fork().findOneOrFail(Preview, { id: previewId });
    if (new URL(url).host !== this.parts.host) return this.elsewhere();
    const voice = await this.voice(em, { teamId, proven, repository }, signal);
    if (!voice) return this.unheard();
    const preview = await readPreview(em, previewId, this.parts.reading);
    const { number } = preview;
    const id = await api.writeComment(speaking(voice).token, { repository, number, marker: commentMarker(previewId), body: previewComment(preview), id: commentId }, signal);
    if (id !== commentId) await em.execute('update preview set comment_id = ? where id = ?', [id, previewId]);
    return null;
  }

  /** The installation's token speaks only of what GitHub told the installation itself; a team's own speaks of whatever is the team's. */
  private async voice(em: EntityManager, { teamId, proven, repository }: { teamId: string; proven: boolean; repository: string }, signal: AbortSignal): Promise<Voice | null> {
    const { token, vault, host, apps } = this.parts;
    if (token !== undefined && proven) return { token, teamId: null };
    const own = await em.fork().findOne(RegistryCredential, { teamId, registry: host });
    if (!own) return null;
    const { id, username } = own;
    const password = await vault.open(em, teamId, id, own.sealedPassword);
    return { token: apps && isAppKey(own) ? await apps.token({ id, username, password }, repository, null, signal) : password, teamId };
  }

  private elsewhere(): string {
    return `Its repository is not on ${this.parts.host}.`;
  }

  private unheard(): string {
    return `The installation's token speaks only of what GitHub told the installation's own webhook, and the team has no credential for ${this.parts.host}.`;
  }
}
