import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Role } from '../../../src/entities/roles.js';
import { giteaPullRequest } from '../../support/gitea.js';
import { newCommit, pullRequestOf, pushOf, SECRET, type PullRequestWish } from '../../support/github.js';
import { APPROVE_PREVIEW, CLOSE_IDLE, CLOSE_PREVIEW, DELETE, DELIVERIES, PREVIEWS, REDELIVER, UPDATE } from '../../support/operations.js';
import { receive, receiveFromGitea } from '../../support/receive.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

const DEPLOY = 'mutation ($input: DeployServiceInput!) { deployService(input: $input) { id name previews { enabled image needs variables } } }';
const CREATE_DATABASE = 'mutation ($input: CreateDatabaseInput!) { createDatabase(input: $input) { id } }';
const LINK = 'mutation ($serviceId: ID!, $databaseId: ID!) { linkDatabase(serviceId: $serviceId, databaseId: $databaseId) { id } }';
const VALUES = 'mutation ($serviceId: ID!) { revealVariables(serviceId: $serviceId) { key value } }';

describe('previews', () => {
  let api: TestApi;
  let ada: TestAccount;
  let repository: string;

  beforeAll(async () => {
    api = await TestApi.start({ APEX_GITHUB_WEBHOOK_SECRET: SECRET, APEX_GITEA_WEBHOOK_SECRET: SECRET, APEX_PREVIEW_LIMIT: 3 });
  });
  afterAll(() => api.stop());
  // A team of its own for each, so that no limit is met that the test is not about.
  beforeEach(async () => {
    ada = await api.account('Ada');
    repository = `acme/web-${randomUUID().slice(0, 8)}`;
  });

  let made = 0;
  const deploy = async (input: Record<string, unknown> = {}, owner = ada): Promise<any> => {
    const { data, faults, message } = await api.run(owner.token, DEPLOY, { input: { name: `web-${(made += 1)}`, image: 'nginx:alpine', containerPort: 80, public: true, source: { repository }, previews: {}, ...input } });
    if (!data) throw new Error(JSON.stringify([message, faults]));
    return data.deployService;
  };
  const event = async (wish: PullRequestWish = {}): Promise<any> => (await receive(api, 'pull_request', pullRequestOf({ repository, ...wish }))).data.receiveGithubEvent;
  const list = async (owner = ada, variables = {}): Promise<any[]> => (await api.run(owner.token, PREVIEWS, variables)).data.previews.nodes;
  const values = async (serviceId: string): Promise<Record<string, string>> =>
    Object.fromEntries((await api.run(ada.token, VALUES, { serviceId })).data.revealVariables.map(({ key, value }: any) => [key, value]));

  it('a pull request gets an environment with a copy of each service of its repository that has previews on, and of no other', async () => {
    const web = await deploy({ replicas: 3, env: { MODE: 'production', KEY: 'of production' }, previews: { variables: { MODE: 'preview' } } });
    await deploy({ previews: null });
    await deploy({ source: { repository: 'acme/other' } });
    const commit = newCommit();
    const answer = await event({ commit });
    const [preview] = await list();
    expect(answer).toMatchObject({ outcome: 'DEPLOYED', deployments: [preview.services[0].latestDeployment.id] });
    expect(preview).toMatchObject({
      repository, number: 7, url: `https://github.com/${repository}/pull/7`, branch: 'feature/one', commit, fork: false, state: 'OPEN', message: null, notes: [], closedAt: null, databases: [],
      environment: { name: `pr-7-${repository.split('/')[1]}`, kind: 'PREVIEW' },
      services: [{ name: web.name, image: 'nginx:alpine', public: true, url: `http://${web.name}-pr-7.apex.localhost:8080`, replicas: 1, source: { repository, branch: 'feature/one' }, latestDeployment: { state: 'QUEUED', trigger: 'PULL_REQUEST', commit } }],
    });
    expect(preview.services).toHaveLength(1);
    expect(await values(preview.services[0].id)).toEqual({ MODE: 'preview', KEY: 'of production' });
    expect(await values(web.id)).toEqual({ MODE: 'production', KEY: 'of production' });
    expect(web.previews).toEqual({ enabled: true, image: null, needs: [], variables: ['MODE'] });
  });

  it('a push to it deploys its newest commit, in the same environment; a push to its branch does not', async () => {
    await deploy();
    await event({ commit: newCommit() });
    const [before] = await list();
    const commit = newCommit();
    expect((await event({ action: 'synchronize', commit, at: 1_800_000_010 })).outcome).toBe('DEPLOYED');
    const [after] = await list();
    expect(after).toMatchObject({ id: before.id, commit, environment: before.environment, services: [{ id: before.services[0].id, url: before.services[0].url, latestDeployment: { state: 'QUEUED', commit } }] });
    const [{ state }] = await api.em.execute<any[]>('select state from deployment where id = ?', [before.services[0].latestDeployment.id]);
    expect(state).toBe('SUPERSEDED');
    const push = await receive(api, 'push', pushOf({ repository, branch: 'feature/one' }));
    expect(push.data.receiveGithubEvent).toMatchObject({ outcome: 'IGNORED', deployments: [] });
    expect(await list()).toEqual([after]);
  });

  it('a copy that is deployed anew goes on being of its commit; where nothing was previewed nobody knows the commit', async () => {
    const web = await deploy();
    const commit = newCommit();
    await event({ commit });
    await receive(api, 'push', pushOf({ repository }));
    const redeployed = async (id: string): Promise<any> => (await api.run(ada.token, 'mutation ($id: ID!) { redeployService(id: $id) { latestDeployment { trigger commit } } }', { id })).data.redeployService.latestDeployment;
    expect(await redeployed((await list())[0].services[0].id)).toEqual({ trigger: 'REDEPLOY', commit });
    expect(await redeployed(web.id)).toEqual({ trigger: 'REDEPLOY', commit: null });
  });

  it('its own image may be named by the commit and the number', async () => {
    await deploy({ previews: { image: 'ghcr.io/acme/web:{number}-{commit}' } });
    const [one, two] = [newCommit(), newCommit()];
    await event({ commit: one });
    expect((await list())[0].services[0].image).toBe(`ghcr.io/acme/web:7-${one}`);
    await event({ action: 'synchronize', commit: two, at: 1_800_000_001 });
    expect((await list())[0].services[0].image).toBe(`ghcr.io/acme/web:7-${two}`);
  });

  it('closing it deletes the environment with all that is in it; opening it again makes it anew', async () => {
    const database = (await api.run(ada.token, CREATE_DATABASE, { input: { name: 'store', type: 'postgres' } })).data.createDatabase;
    const web = await deploy();
    await api.run(ada.token, LINK, { serviceId: web.id, databaseId: database.id });
    await event();
    const [open] = await list();
    expect(open.databases).toMatchObject([{ name: 'store' }]);
    expect(await event({ action: 'closed', at: 1_800_000_010 })).toMatchObject({ outcome: 'CLOSED', deployments: [] });
    expect(await list()).toMatchObject([{ id: open.id, state: 'CLOSED', message: 'The pull request was closed.', environment: null, services: [], databases: [], closesAt: null, closedAt: expect.any(String) }]);
    const [left] = await api.em.execute<any[]>(
      `select (select count(*)::int from service where environment_id = ? and deleted_at is null) as services, (select count(*)::int from host join service on service.id = host.service_id where service.environment_id = ?) as hosts,
         (select count(*)::int from managed_database where environment_id = ? and (deleted_at is null or purge_at > now())) as databases, (select deleted_at is not null from environment where id = ?) as gone`,
      Array(4).fill(open.environment.id),
    );
    expect(left).toEqual({ services: 0, hosts: 0, databases: 0, gone: true });
    expect((await event({ action: 'closed', at: 1_800_000_010 })).outcome).toBe('IGNORED');
    expect((await event({ action: 'reopened', at: 1_800_000_020 })).outcome).toBe('DEPLOYED');
    const [again] = await list();
    expect(again).toMatchObject({ id: open.id, state: 'OPEN', environment: { name: open.environment.name }, services: [{ name: web.name }] });
    expect(again.environment.id).not.toBe(open.environment.id);
  });

  it('closing it deletes what is open also when no service takes part any more', async () => {
    const web = await deploy();
    await event();
    await api.run(ada.token, UPDATE, { id: web.id, input: { previews: null } });
    await event({ action: 'closed', at: 1_800_000_010 });
    expect(await list()).toMatchObject([{ state: 'CLOSED', environment: null }]);
  });

  it('events that come late do nothing', async () => {
    await deploy();
    const commit = newCommit();
    await event({ at: 1_800_000_000 });
    await event({ action: 'synchronize', commit, at: 1_800_000_020 });
    expect((await event({ action: 'synchronize', at: 1_800_000_010 })).outcome).toBe('IGNORED');
    expect((await list())[0]).toMatchObject({ commit, services: [{ latestDeployment: { commit } }] });
    await event({ action: 'closed', commit, at: 1_800_000_030 });
    expect((await event({ action: 'synchronize', at: 1_800_000_030 })).outcome).toBe('IGNORED');
    expect((await event({ action: 'synchronize', at: 1_800_000_025 })).outcome).toBe('IGNORED');
    expect(await list()).toMatchObject([{ state: 'CLOSED', environment: null }]);
  });

  it.each(['labeled', 'edited', 'review_requested', 'converted_to_draft'])('the action %s does nothing', async (action) => {
    await deploy();
    expect((await event({ action })).outcome).toBe('IGNORED');
    expect(await list()).toEqual([]);
  });

  it('what a service needs comes along: services as they run now, and fresh, empty databases, which is said', async () => {
    await api.run(ada.token, CREATE_DATABASE, { input: { name: 'cache', type: 'redis', size: 'large' } });
    const database = (await api.run(ada.token, CREATE_DATABASE, { input: { name: 'store', type: 'postgres', size: 'medium' } })).data.createDatabase;
    const auth = await deploy({ name: 'auth', previews: null, source: null, env: { SHARED: 'yes' } });
    await api.run(ada.token, LINK, { serviceId: auth.id, databaseId: database.id });
    const web = await deploy({ previews: { needs: ['auth', 'cache', 'nobody'] } });
    await event();
    const [preview] = await list();
    expect(preview.services.map(({ name }: any) => name).sort()).toEqual(['auth', web.name].sort());
    expect(preview.services.find(({ name }: any) => name === 'auth')).toMatchObject({ source: null, latestDeployment: { commit: null, trigger: 'PULL_REQUEST' } });
    expect(preview.databases.map(({ name, type, size, environment }: any) => ({ name, type, size, kind: environment.kind })).sort((a: any, b: any) => (a.name < b.name ? -1 : 1)))
      .toEqual([{ name: 'cache', type: 'redis', size: 'small', kind: 'PREVIEW' }, { name: 'store', type: 'postgres', size: 'small', kind: 'PREVIEW' }]);
    expect(preview.notes).toEqual([
      'The database "cache" is a new, empty one: nothing of what is in the one that it stands for was copied.',
      `"nobody", which "${web.name}" needs, does not exist in its environment.`,
      'The database "store" is a new, empty one: nothing of what is in the one that it stands for was copied.',
    ]);
    const copy = preview.databases.find(({ name }: any) => name === 'store').id;
    const references = await api.em.execute<any[]>("select database_id as id from variable join service on service.id = variable.service_id where key = 'DATABASE_URL' and service.environment_id = ?", [preview.environment.id]);
    expect(references).toEqual([{ id: copy }]);
  });

  describe('from a fork', () => {
    const counts = async (): Promise<unknown> => (await api.em.execute<any[]>('select (select count(*)::int from environment) as environments, (select count(*)::int from service) as services, (select count(*)::int from deployment) as deployments, (select count(*)::int from variable) as variables, (select count(*)::int from managed_database) as databases'))[0];

    it.each([['another repository', 'mallory/web'], ['one that is gone', null]])('of %s: nothing is made and no secret given until a member approves the commit', async (_, from) => {
      await deploy({ env: { KEY: 'of production' } });
      const before = await counts();
      const commit = newCommit();
      expect(await event({ from, commit })).toMatchObject({ outcome: 'AWAITING_APPROVAL', deployments: [] });
      expect(await counts()).toEqual(before);
      const [waiting] = await list();
      expect(waiting).toMatchObject({ fork: true, state: 'AWAITING_APPROVAL', environment: null, services: [], message: expect.stringContaining(commit.slice(0, 12)) });

      const { data } = await api.run(ada.token, APPROVE_PREVIEW, { id: waiting.id, commit });
      expect(data.approvePreview).toMatchObject({ state: 'OPEN', approvedCommit: commit, services: [{ latestDeployment: { commit } }] });
      expect(await values(data.approvePreview.services[0].id)).toEqual({ KEY: 'of production' });
    });

    it('the next commit has to be approved anew, and what was approved goes on', async () => {
      await deploy();
      const [one, two, three] = [newCommit(), newCommit(), newCommit()];
      await event({ from: 'mallory/web', commit: one });
      const [{ id }] = await list();
      await api.run(ada.token, APPROVE_PREVIEW, { id, commit: one });
      expect((await event({ from: 'mallory/web', action: 'synchronize', commit: two, at: 1_800_000_010 })).outcome).toBe('AWAITING_APPROVAL');
      expect((await list())[0]).toMatchObject({ state: 'AWAITING_APPROVAL', commit: two, services: [{ latestDeployment: { commit: one } }] });
      await event({ from: 'mallory/web', action: 'synchronize', commit: three, at: 1_800_000_020 });
      const late = await api.run(ada.token, APPROVE_PREVIEW, { id, commit: two });
      expect([late.code, late.faults]).toEqual(['BAD_REQUEST', [{ path: 'commit', message: 'must be the newest commit of the pull request' }]]);
      expect((await list())[0]).toMatchObject({ state: 'AWAITING_APPROVAL', services: [{ latestDeployment: { commit: one } }] });
    });

    it('a viewer may not approve, another team neither, and nobody approves what awaits nothing', async () => {
      await deploy();
      await event({ from: null });
      const [{ id, commit }] = await list();
      const [viewer, eve] = [await api.account('Viewer'), await api.account('Eve')];
      await api.addMember(ada.teamId, viewer, Role.VIEWER);
      expect((await api.run(viewer.token, APPROVE_PREVIEW, { id, commit })).code).toBe('FORBIDDEN');
      expect((await api.run(eve.token, APPROVE_PREVIEW, { id, commit })).code).toBe('NOT_FOUND');
      expect((await list())[0].state).toBe('AWAITING_APPROVAL');
      await api.run(ada.token, APPROVE_PREVIEW, { id, commit });
      expect((await api.run(ada.token, APPROVE_PREVIEW, { id, commit })).message).toBe('The preview awaits no approval.');
    });

    it('a replay of the delivery approves nothing', async () => {
      const web = await deploy();
      await event({ from: 'mallory/web' });
      const before = await counts();
      const [delivery] = (await api.run(ada.token, DELIVERIES, { serviceId: web.id })).data.webhookDeliveries.nodes;
      expect((await api.run(ada.token, REDELIVER, { id: delivery.id })).data.redeliverWebhook).toMatchObject({ outcome: 'AWAITING_APPROVAL' });
      expect(await counts()).toEqual(before);
    });
  });

  it('each team has its own, sees no other, and a delivery tells it of its own only', async () => {
    const eve = await api.account('Eve');
    const [hers, evil] = [await deploy(), await deploy({}, eve)];
    await event();
    const [own, other] = [await list(), await list(eve)];
    expect([own.length, other.length]).toEqual([1, 1]);
    expect(own[0].services[0].name).toBe(hers.name);
    expect(other[0].services[0].name).toBe(evil.name);
    const [delivery] = (await api.run(eve.token, DELIVERIES, {})).data.webhookDeliveries.nodes;
    expect(delivery).toMatchObject({ event: 'pull_request', action: 'opened', outcome: 'DEPLOYED', effects: expect.arrayContaining([expect.objectContaining({ deployment: expect.objectContaining({ id: other[0].services[0].latestDeployment.id }) })]) });
    expect(JSON.stringify(delivery)).not.toContain(own[0].services[0].id);
    expect((await api.run(eve.token, CLOSE_PREVIEW, { id: own[0].id })).code).toBe('NOT_FOUND');
  });

  it('two repositories of one name do not share an environment', async () => {
    await deploy({ source: { repository: 'one/site' } });
    await deploy({ source: { repository: 'two/site' } });
    await event({ repository: 'one/site' });
    await event({ repository: 'two/site' });
    const names = (await list()).map(({ environment }) => environment.name).sort();
    expect(names).toEqual(['pr-7-site', expect.stringMatching(/^pr-7-site-[0-9a-f]{4}$/)]);
  });

  it.each([['Some_Repo.JS', 'pr-7-some-repo-js'], ['-..-', 'pr-7'], ['a'.repeat(90), `pr-7-${'a'.repeat(35)}`]])('the repository %s gives a name that Kubernetes takes', async (name, environment) => {
    await deploy({ source: { repository: `acme/${name}` } });
    await event({ repository: `acme/${name}` });
    expect((await list())[0].environment.name).toBe(environment);
  });

  it('a pull request of the same number and repository on another forge is another', async () => {
    const here = await deploy();
    const there = await deploy({ source: { repository, host: 'gitea.example' } });
    await event({ number: 2 });
    expect((await receiveFromGitea(api, 'pull_request', giteaPullRequest({ repository, number: 2, at: 1_700_000_000 }))).data.receiveGiteaEvent.outcome).toBe('DEPLOYED');
    expect((await list()).map(({ url, state }) => [new URL(url).host, state]).toSorted()).toEqual([['gitea.example', 'OPEN'], ['github.com', 'OPEN']]);
    expect((await list()).map(({ services }) => services.map(({ name }: any) => name)).toSorted()).toEqual([[here.name], [there.name]].toSorted());
    await event({ number: 2, action: 'closed', at: 1_800_000_010 });
    expect((await list()).map(({ url, state }) => [new URL(url).host, state]).toSorted()).toEqual([['gitea.example', 'OPEN'], ['github.com', 'CLOSED']]);
  });

  it('a team has so many and no more; it is said, and the next push tries again', async () => {
    await deploy();
    for (const number of [1, 2, 3]) await event({ number });
    expect(await event({ number: 4 })).toMatchObject({ outcome: 'IGNORED', deployments: [] });
    expect((await list(ada, { state: 'REFUSED' }))).toMatchObject([{ number: 4, environment: null, message: 'The team has reached its limit of 3 open previews. Close a pull request or a preview, then push again.' }]);
    await event({ number: 1, action: 'closed', at: 1_800_000_010 });
    expect((await event({ number: 4, action: 'synchronize', at: 1_800_000_010 })).outcome).toBe('DEPLOYED');
  });

  it("counts among the team's environments, of which it may have as many as its operator says", async () => {
    await deploy();
    await api.em.execute(`update team set quota = '{"environments": 1}' where id = ?`, [ada.teamId]);
    expect((await event()).outcome).toBe('IGNORED');
    expect(await list()).toMatchObject([{ state: 'REFUSED', environment: null, message: 'The team has reached its limit of 1 environments. Delete one, then push again.' }]);
  });

  it('a member may close one; a push brings it back', async () => {
    await deploy();
    await event();
    const [{ id }] = await list();
    expect((await api.run(ada.token, CLOSE_PREVIEW, { id })).data.closePreview).toMatchObject({ state: 'CLOSED', environment: null, services: [] });
    await event({ action: 'synchronize', at: 1_800_000_010 });
    expect(await list()).toMatchObject([{ id, state: 'OPEN', services: [{}] }]);
  });

  it('one in which nothing happens is closed by the clock, and a push brings it back', async () => {
    await deploy();
    await event({ number: 1 });
    await event({ number: 2 });
    const clock = async (): Promise<number> => (await api.runAs({ kind: 'system', name: 'schedule' }, CLOSE_IDLE)).data.closeIdlePreviews;
    await clock();
    expect((await list()).map(({ state }) => state)).toEqual(['OPEN', 'OPEN']);
    await api.em.execute("update preview set last_activity_at = now() - interval '8 days' where number = 1 and lower(repository) = lower(?)", [repository]);
    expect(await clock()).toBe(1);
    expect(await list()).toMatchObject([{ number: 2, state: 'OPEN' }, { number: 1, state: 'CLOSED', environment: null, message: 'Nothing has happened for 7 days; the next push to the pull request brings it back.' }]);
    await event({ number: 1, action: 'synchronize', at: 1_800_000_010 });
    expect((await list())[1]).toMatchObject({ number: 1, state: 'OPEN' });
  });

  it('what was deleted by hand is made again by the next push', async () => {
    await deploy();
    await event();
    const [{ services }] = await list();
    await api.run(ada.token, DELETE, { id: services[0].id });
    await event({ action: 'synchronize', at: 1_800_000_010 });
    const [after] = await list();
    expect(after.services).toMatchObject([{ name: services[0].name }]);
    expect(after.services[0].id).not.toBe(services[0].id);
  });

  it.each([
    [{ source: null }, 'previews', 'needs a source: previews follow the pull requests of its repository'],
    [{ previews: { image: 'not an image:{commit}' } }, 'previews.image', 'must be an image reference, such as ghcr.io/owner/app:{commit}'],
    [{ name: 'selfish', previews: { needs: ['selfish'] } }, 'previews.needs', 'must not name the service itself'],
  ])('%j is refused', async (wish, path, message) => {
    const answer = await api.run(ada.token, DEPLOY, { input: { name: 'web', image: 'nginx:alpine', source: { repository }, previews: {}, ...wish } });
    expect([answer.code, answer.faults]).toEqual(['BAD_REQUEST', [{ path: expect.stringMatching(new RegExp(`${path}$`)), message }]]);
  });

  it.each([
    ['head.ref', { branch: '../../etc' }], ['head.ref', { branch: 'a..b' }], ['head.ref', { branch: '-x' }], ['head.sha', { commit: '$(id)' }], ['head.sha', { commit: 'HEAD' }],
  ])('a payload with a wrong %s is refused, and nothing is kept', async (path, wish) => {
    await deploy();
    const before = await api.counts();
    const { code, faults } = await receive(api, 'pull_request', pullRequestOf({ repository, ...wish }));
    expect([code, faults?.[0]?.path]).toEqual(['BAD_REQUEST', `pull_request.${path}`]);
    expect(await api.counts()).toEqual(before);
  });

  it('is one for two deliveries that come at the same time', async () => {
    await deploy();
    const payload = pullRequestOf({ repository });
    const answers = await Promise.all([1, 2, 3].map(() => receive(api, 'pull_request', payload)));
    expect(answers.map(({ data }) => data.receiveGithubEvent.outcome)).toEqual(['DEPLOYED', 'DEPLOYED', 'DEPLOYED']);
    expect(await list()).toHaveLength(1);
    const [{ count }] = await api.em.execute<any[]>("select count(*)::int as count from environment where kind = 'PREVIEW' and team_id = ?", [ada.teamId]);
    expect(count).toBe(1);
  });
});
