import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../entities/columns.js';
import { Preview } from '../../entities/preview.js';
import { PreviewState } from '../../entities/preview-state.js';
import type { Service } from '../../entities/service.js';
import { WebhookOutcome } from '../../entities/webhook-outcome.js';
import type { Effect } from '../webhook/apply-pushes.js';
import type { Done, Wish } from '../webhook/event-effects.js';
import type { PullRequest } from '../webhook/pull-request.js';
import type { PreviewEnvironments } from './preview-environments.js';
import { previewedServices } from './preview-plan.js';

/** What an event of a pull request does to the previews of each team that has services of its repository with previews on. */
export class PullRequestPreviews {
  constructor(
    private readonly environments: PreviewEnvironments,
    /** Of repositories of which nothing else is said. */
    private readonly hosts: readonly string[],
  ) {}

  async apply(tx: EntityManager, pullRequest: PullRequest, wish: Wish): Promise<Done> {
    const services: Service[] = [];
    for (const service of await previewedServices(tx, pullRequest, { serviceId: wish.only, hosts: this.hosts })) if (!wish.may || (await wish.may(service.id))) services.push(service);
    const effects: Effect[] = [];
    const outcomes = new Set<WebhookOutcome>();
    // In the order of their ids, as every other delivery does, so that no two wait for each other.
    const teams = Map.groupBy(services, (service) => service.teamId);
    for (const teamId of pullRequest.change === 'CLOSED' ? await openTeams(tx, pullRequest, wish) : []) if (!teams.has(teamId)) teams.set(teamId, []);
    for (const [teamId, own] of [...teams].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const done = await this.ofTeam(tx, pullRequest, teamId, own, wish);
      effects.push(...own.map(({ id }) => ({ serviceId: id, deploymentId: null, message: done.message })), ...done.effects);
      outcomes.add(done.outcome);
    }
    const outcome = [WebhookOutcome.DEPLOYED, WebhookOutcome.AWAITING_APPROVAL, WebhookOutcome.CLOSED].find((one) => outcomes.has(one)) ?? WebhookOutcome.IGNORED;
    return { outcome, effects, message: 'No service of this repository has previews on.' };
  }

  private async ofTeam(tx: EntityManager, pullRequest: PullRequest, teamId: string, own: Service[], wish: Wish): Promise<Done> {
    const preview = await lockPreview(tx, teamId, pullRequest);
    const ignored = (message: string): Done => ({ outcome: WebhookOutcome.IGNORED, effects: [], message });
    if (isLate(preview, pullRequest)) return ignored('A newer event of the pull request came before this one.');
    const { branch, commit, url, isFork, at, change } = pullRequest;
    Object.assign(preview, { branch, commit, url, fork: isFork, lastEventAt: at, ended: change === 'CLOSED', ...(wish.may ? {} : { proven: wish.only === null }) });
    await tx.flush();
    if (change === 'CLOSED') {
      if (preview.state === PreviewState.CLOSED) return ignored('The preview is closed already.');
      await this.environments.close(tx, preview, 'The pull request was closed.', wish.context);
      return { outcome: WebhookOutcome.CLOSED, effects: [], message: `The preview of pull request #${pullRequest.number} is deleted.` };
    }
    if (isFork && preview.approvedCommit !== commit) {
      await this.environments.awaitApproval(tx, preview);
      return { outcome: WebhookOutcome.AWAITING_APPROVAL, effects: [], message: preview.message };
    }
    const deployments = await this.environments.deploy(tx, preview, own, wish.context);
    if (!deployments) return ignored(preview.message ?? '');
    return { outcome: WebhookOutcome.DEPLOYED, effects: deployments.map((deployment) => ({ ...deployment, message: null })), message: `Pull request #${pullRequest.number} is previewed.` };
  }
}

/** One pull request: a number of a repository of a forge's host. */
const SAME = "lower(split_part(url, '/', 3)) = lower(split_part(?, '/', 3)) and lower(repository) = lower(?) and number = ?";
const sameAs = ({ url, repository, number }: Pick<PullRequest, 'url' | 'repository' | 'number'>): unknown[] => [url, repository, number];

/** Teams whose services have gone, or take no part any more, still have the preview that is to go. Not where somebody replays: that is for his own services. */
async function openTeams(tx: EntityManager, { repository, number, url }: PullRequest, { only, may }: Wish): Promise<string[]> {
  if (may) return [];
  const rows = await tx.execute<{ team_id: string }[]>(
    `select team_id from preview where ${SAME} and state <> 'CLOSED'${only ? ' and team_id = (select team_id from service where id = ?)' : ''}`,
    [...sameAs({ repository, number, url }), ...(only ? [only] : [])],
  );
  return rows.map(({ team_id }) => team_id);
}

/** Deliveries come in any order. Times are whole seconds: of two events of one second, the end wins over a push. */
const isLate = (preview: Preview, { at, change }: PullRequest): boolean => at < preview.lastEventAt || (at === preview.lastEventAt && preview.ended && change === 'PUSHED');

/** The team's row of the pull request, made where it is missing, and locked until the transaction ends. */
async function lockPreview(tx: EntityManager, teamId: string, { repository, number, url, branch, commit, isFork }: PullRequest): Promise<Preview> {
  await tx.execute(
    `insert into preview (id, team_id, repository, number, url, branch, commit_sha, fork, notes, last_activity_at, created_at) values (?, ?, ?, ?, ?, ?, ?, ?, '[]', now(), now())
     on conflict (team_id, lower(split_part(url, '/', 3)), lower(repository), number) do nothing`,
    [newId(), teamId, repository, number, url, branch, commit, isFork],
  );
  const [row] = await tx.execute<{ id: string }[]>(`select id from preview where team_id = ? and ${SAME} for update`, [teamId, ...sameAs({ repository, number, url })]);
  return tx.findOneOrFail(Preview, { id: row!.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}
