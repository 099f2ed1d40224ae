import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { StepName, StepState } from '../../../src/entities/deployment-event.js';
import { moveDeployment } from '../../../src/entities/deployment-log.js';
import { DeploymentState, ReasonCode } from '../../../src/entities/deployment-state.js';
import { GithubApi } from '../../../src/outside/github-api.js';
import { GuardedFetch } from '../../../src/outside/guarded-fetch.js';
import { newCommit, pullRequestOf, pushOf, SECRET, type PullRequestWish } from '../../support/github.js';
import { giteaPullRequest, giteaPush } from '../../support/gitea.js';
import { GithubServer } from '../../support/github-server.js';
import { APPROVE_PREVIEW, PREVIEWS, SERVICE_WEBHOOK, UPDATE } from '../../support/operations.js';
import { receive, receiveFromGitea } from '../../support/receive.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

const TOKEN = 'ghp_a-token-of-the-installation';
const DEPLOY = 'mutation ($input: DeployServiceInput!) { deployService(input: $input) { id name } }';
const SCHEDULE = { kind: 'system', name: 'schedule' } as const;

describe('reports to GitHub', () => {
  let github: GithubServer;
  let guard: GuardedFetch;
  /** Who is told, and at which pace: GitHub's own where that matters. */
  let told: GithubApi;
  let unpaced: GithubApi;
  let api: TestApi;
  let ada: TestAccount;
  let repository: string;
  let service: { id: string; name: string };

  beforeAll(async () => {
    github = await GithubServer.start();
    guard = new GuardedFetch([github.host]);
    told = unpaced = new GithubApi(github.url, guard, false);
    api = await TestApi.start({ APEX_GITHUB_WEBHOOK_SECRET: SECRET, APEX_GITEA_WEBHOOK_SECRET: SECRET, APEX_GITHUB_TOKEN: TOKEN, github: { setStatus: (...call) => told.setStatus(...call), writeComment: (...call) => told.writeComment(...call) } });
  });
  afterAll(async () => {
    await api.stop();
    await guard.close();
    await github.stop();
  });
  beforeEach(async () => {
    ada = await api.account('Ada');
    repository = `acme/web-${randomUUID().slice(0, 8)}`;
    const input = { name: `web-${randomUUID().slice(0, 6)}`, image: 'nginx:alpine', containerPort: 80, public: true, source: { repository }, previews: {} };
    service = (await api.run(ada.token, DEPLOY, { input })).data.deployService;
  });
  afterEach(() => {
    told = unpaced;
    github.troubles.length = 0;
    github.statuses.length = 0;
    github.requests.length = 0;
  });

  const atItsOwnPace = (): void => {
    told = new GithubApi(github.url, guard);
  };

  /** What the clock does, until there is nothing more that is due. */
  const send = async (): Promise<void> => {
    for (let more = true; more; ) {
      const { data, text } = await api.runAs(SCHEDULE, 'mutation { sendReports }');
      if (!data) throw new Error(text);
      more = data.sendReports;
    }
  };
  const push = async (commit = newCommit()): Promise<{ commit: string; deployment: string }> => {
    const { data } = await receive(api, 'push', pushOf({ repository, after: commit }));
    return { commit, deployment: data.receiveGithubEvent.deployments[0] };
  };
  const event = (wish: PullRequestWish = {}) => receive(api, 'pull_request', pullRequestOf({ repository, ...wish }));
  const move = (id: string, from: DeploymentState, to: DeploymentState, more: object = {}) => api.em.transactional((tx) => moveDeployment(tx, { id, from, to, ...more }));
  const report = async (deployment: string): Promise<any> => (await api.em.execute<any[]>('select generation > sent_generation as due, message, due_at > now() as later, extract(epoch from due_at - now())::int as seconds from forge_report where deployment_id = ?', [deployment]))[0];
  const due = (deployment: string) => api.em.execute('update forge_report set due_at = now() where deployment_id = ?', [deployment]);

  it('each state of a deployment is told as the status of its commit, with a link to the service', async () => {
    const { commit, deployment } = await push();
    await send();
    const context = `apex/production/${service.name}`;
    const about = { repository, commit, context, target_url: `http://${service.name}.apex.localhost:8080` };
    expect(github.statuses).toEqual([{ ...about, state: 'pending', description: 'Waiting' }]);
    expect(github.requests[0]).toMatchObject({ method: 'POST', authorization: `token ${TOKEN}` });
    await move(deployment, DeploymentState.QUEUED, DeploymentState.PREPARING);
    await move(deployment, DeploymentState.PREPARING, DeploymentState.ROLLING_OUT);
    await move(deployment, DeploymentState.ROLLING_OUT, DeploymentState.LIVE);
    await send();
    // What happened between is not news any more.
    expect(github.statuses.slice(1)).toEqual([{ ...about, state: 'success', description: 'Live' }]);
    await send();
    expect(github.statuses).toHaveLength(2);
  });

  it('a failure tells the step and why, as far as GitHub shows it', async () => {
    const { deployment } = await push();
    await move(deployment, DeploymentState.QUEUED, DeploymentState.PREPARING);
    await move(deployment, DeploymentState.PREPARING, DeploymentState.BUILDING, { step: StepName.BUILD, stepState: StepState.RUNNING });
    await move(deployment, DeploymentState.BUILDING, DeploymentState.FAILED, { reason: { code: ReasonCode.BUILD_FAILED, message: `RUN npm run build\nexit 1 ${'x'.repeat(200)}` } });
    await send();
    expect(github.statuses).toMatchObject([{ state: 'failure', description: `The build failed: RUN npm run build exit 1 ${'x'.repeat(200)}`.slice(0, 139) + '…' }]);
  });

  it('one that was superseded for the same commit says nothing over the one that took its place', async () => {
    const commit = newCommit();
    await push(commit);
    const second = await push(commit);
    await move(second.deployment, DeploymentState.QUEUED, DeploymentState.PREPARING);
    await move(second.deployment, DeploymentState.PREPARING, DeploymentState.ROLLING_OUT);
    await move(second.deployment, DeploymentState.ROLLING_OUT, DeploymentState.LIVE);
    await send();
    expect(github.statuses.map(({ state }) => state)).toEqual(['success']);
  });

  it('what nobody pushed is not told', async () => {
    await api.run(ada.token, 'mutation ($id: ID!) { redeployService(id: $id) { id } }', { id: service.id });
    await send();
    expect(github.requests).toEqual([]);
  });

  it("the installation's token speaks of no commit that only a member's own webhook told", async () => {
    const { secret } = (await api.run(ada.token, SERVICE_WEBHOOK, { serviceId: service.id })).data.createServiceWebhook;
    const { data } = await receive(api, 'push', pushOf({ repository }), { service: service.id, secret });
    expect(data.receiveGithubEvent.outcome).toBe('DEPLOYED');
    await receive(api, 'pull_request', pullRequestOf({ repository }), { service: service.id, secret });
    await send();
    expect(github.requests).toEqual([]);
  });

  it("a team's own token speaks of what its own webhook told, and for no other team", async () => {
    const { secret } = (await api.run(ada.token, SERVICE_WEBHOOK, { serviceId: service.id })).data.createServiceWebhook;
    await api.run(ada.token, 'mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input: { registry: 'github.com', username: 'ada', password: 'ghp_of-the-team' } });
    const eve = await api.account('Eve');
    const hers = (await api.run(eve.token, DEPLOY, { input: { name: 'hers', image: 'nginx', source: { repository } } })).data.deployService;
    const other = (await api.run(eve.token, SERVICE_WEBHOOK, { serviceId: hers.id })).data.createServiceWebhook;
    const [commit, previewed] = [newCommit(), newCommit()];
    await receive(api, 'push', pushOf({ repository, after: commit }), { service: service.id, secret });
    await receive(api, 'push', pushOf({ repository }), { service: hers.id, secret: other.secret });
    await receive(api, 'pull_request', pullRequestOf({ repository, commit: previewed }), { service: service.id, secret });
    await send();
    expect(github.statuses.map((status) => status.commit).toSorted()).toEqual([commit, previewed].toSorted());
    expect(github.comments.get(`${repository}#7`)).toHaveLength(1);
    expect(new Set(github.requests.map(({ authorization }) => authorization))).toEqual(new Set(['token ghp_of-the-team']));
  });

  it('what happened on another forge is not told to GitHub, though its repository has the same name', async () => {
    await api.run(ada.token, UPDATE, { id: service.id, input: { source: { repository, host: 'gitea.example' } } });
    expect((await receiveFromGitea(api, 'push', giteaPush({ repository }))).data.receiveGiteaEvent.outcome).toBe('DEPLOYED');
    expect((await receiveFromGitea(api, 'pull_request', giteaPullRequest({ repository }))).data.receiveGiteaEvent.outcome).toBe('DEPLOYED');
    await send();
    expect(github.requests).toEqual([]);
  });

  describe('the comment on a pull request', () => {
    const comments = () => github.comments.get(`${repository}#7`) ?? [];

    it('is one, and is changed in place', async () => {
      const commit = newCommit();
      await event({ commit });
      await send();
      expect(comments()).toHaveLength(1);
      expect(comments()[0]!.body).toContain(`### The preview \`pr-7-${repository.split('/')[1]}\` is there`);
      expect(comments()[0]!.body).toContain(`| \`${service.name}\` | QUEUED | http://${service.name}-pr-7.apex.localhost:8080 |`);
      expect(comments()[0]!.body).toContain(commit.slice(0, 12));
      const { id } = comments()[0]!;
      const [{ services }] = (await api.run(ada.token, PREVIEWS)).data.previews.nodes;
      await move(services[0].latestDeployment.id, DeploymentState.QUEUED, DeploymentState.FAILED, { reason: { code: ReasonCode.INTERNAL, message: 'a <b>| @everyone' } });
      await send();
      expect(comments()).toMatchObject([{ id, body: expect.stringContaining('FAILED: a \\<b\\>\\| @\u200beveryone |') }]);
      await event({ action: 'closed', commit, at: 1_800_000_010 });
      await send();
      expect(comments()).toMatchObject([{ id, body: expect.stringContaining('### The preview is closed\n\nThe pull request was closed.') }]);
    });

    it('is found again where its id was lost, and written anew where somebody deleted it', async () => {
      await event();
      await send();
      await api.em.execute('update preview set comment_id = null where lower(repository) = ?', [repository]);
      await event({ action: 'synchronize', at: 1_800_000_010 });
      await send();
      expect(comments()).toHaveLength(1);
      github.comments.delete(`${repository}#7`);
      await event({ action: 'synchronize', at: 1_800_000_020 });
      await send();
      expect(comments()).toHaveLength(1);
    });

    it('of a fork asks for approval, and then tells of the preview', async () => {
      const commit = newCommit();
      await event({ from: null, commit });
      await send();
      expect(comments()[0]!.body).toContain('### The preview awaits approval');
      expect(github.statuses).toEqual([]);
      const [{ id }] = (await api.run(ada.token, PREVIEWS)).data.previews.nodes;
      await api.run(ada.token, APPROVE_PREVIEW, { id, commit });
      await send();
      expect(comments()).toMatchObject([{ body: expect.stringContaining('is there') }]);
      expect(github.statuses).toMatchObject([{ repository, commit, state: 'pending' }]);
    });
  });

  describe('where GitHub does not take it', () => {
    it.each<[string, (now: number) => { status: number; headers: Record<string, string>; message: string }, number]>([
      ['a primary limit', (now) => ({ status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now + 3600) }, message: 'API rate limit exceeded' }), 1_800],
      ['a secondary limit', () => ({ status: 403, headers: { 'retry-after': '1200' }, message: 'You have exceeded a secondary rate limit' }), 600],
      ['a secondary limit without a time', () => ({ status: 429, headers: {}, message: 'You have exceeded a secondary rate limit' }), 10],
    ])('%s is waited out, for all that is to be sent, and then it is told', async (_, troubleAt, least) => {
      atItsOwnPace();
      const { deployment } = await push();
      const trouble = troubleAt(Math.floor(Date.now() / 1000));
      github.troubles.push(trouble);
      await send();
      expect(github.requests).toHaveLength(1);
      expect(await report(deployment)).toMatchObject({ due: true, later: true, message: `${trouble.status}: a rate limit of GitHub was met.` });
      expect((await report(deployment)).seconds).toBeGreaterThan(least);
      await send();
      expect(github.requests).toHaveLength(1);
      await due(deployment);
      await send();
      expect(github.statuses).toHaveLength(1);
      expect(await report(deployment)).toMatchObject({ due: false, message: null });
    });

    it('an error of its own is tried again, at once and then later; the deployment goes its way', async () => {
      atItsOwnPace();
      const { deployment } = await push();
      github.troubles.push(...Array.from({ length: 2 }, () => ({ status: 502, message: 'Server Error' })));
      await send();
      expect(github.requests).toHaveLength(2);
      expect(await report(deployment)).toMatchObject({ due: true, later: true, message: '502 Server Error' });
      expect((await api.em.execute<any[]>('select state from deployment where id = ?', [deployment]))[0].state).toBe('QUEUED');
      await due(deployment);
      await send();
      expect(github.statuses).toHaveLength(1);
    });

    it.each([[401, 'Bad credentials'], [403, 'Resource not accessible by personal access token'], [404, 'Not Found'], [422, 'Validation Failed']])('a %d is final, until there is news', async (status, message) => {
      const { deployment } = await push();
      github.troubles.push({ status, message });
      await send();
      expect(await report(deployment)).toMatchObject({ due: false, message: `${status} ${message}` });
      await move(deployment, DeploymentState.QUEUED, DeploymentState.PREPARING);
      await send();
      expect(github.statuses).toMatchObject([{ description: 'Being prepared' }]);
    });
  });

  it('two senders send it once', async () => {
    await push();
    await Promise.all([1, 2, 3].map(() => send()));
    expect(github.statuses).toHaveLength(1);
  });

  it('an internal address is refused, unless the operator allows it; nothing is sent there', async () => {
    const closed = new GuardedFetch([]);
    const blind = new GithubApi(github.url, closed);
    await expect(blind.setStatus(TOKEN, { repository, commit: newCommit(), state: 'pending', context: 'apex', description: '', url: null })).rejects.toThrow('leads to an internal address, which is not allowed. An operator can allow it with APEX_ALLOWED_INTERNAL.');
    expect(github.requests).toEqual([]);
    await closed.close();
  });

  it('the token is in no row and in no answer', async () => {
    await push();
    github.troubles.push({ status: 401, message: `Bad credentials ${TOKEN.slice(0, 4)}` });
    await send();
    const rows = await api.em.execute('select * from forge_report');
    expect(JSON.stringify(rows)).not.toContain(TOKEN);
  });
});
