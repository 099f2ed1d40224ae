import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { AutoDeploy, type ServiceSource } from '../../src/entities/service-source.js';
import { deliver, EXAMPLES, newCommit, push, pushOf, REPOSITORY, SECRET, type PushWish } from '../support/github.js';
import { http } from '../support/http.js';
import { insertRunningService } from '../support/rows.js';
import { addAccount } from '../support/second-account.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const NOTHING = '0'.repeat(40);

/** A commit that touches nothing that a service is in. */
const OUTSIDE = { added: [], removed: [], modified: ['README.md'] };

describe('a push', () => {
  let server: TestServer;
  let repository: string;
  let services = 0;

  beforeAll(async () => {
    server = await startTestServer({ env: { APEX_GITHUB_WEBHOOK_SECRET: SECRET } });
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    repository = `acme/web-${randomUUID()}`;
  });

  const follow = async (source: Partial<ServiceSource> = {}, teamId?: string): Promise<string> => {
    const wish = { source: { repository, branch: 'main', path: null, autoDeploy: AutoDeploy.IMAGE, ...source } };
    return (await insertRunningService(server.database, `web-${(services += 1)}`, teamId ? { ...wish, teamId } : wish)).id;
  };
  const pushed = (wish: PushWish = {}) => push(server, { repository, ...wish });
  const deployments = async (service: string): Promise<any[]> => (await http(`${server.url}/api/services/${service}/deployments`, { token: server.token })).body;
  const ignored = async (service: string, wish: PushWish): Promise<void> => {
    const before = await deployments(service);
    const answer = await pushed(wish);
    expect([answer.status, answer.body.outcome, answer.body.deployments]).toEqual([200, 'IGNORED', []]);
    expect(await deployments(service)).toEqual(before);
  };

  it('deploys the services that follow its branch, once for each delivery, also while there is no cluster', async () => {
    const service = await follow();
    const commit = newCommit();
    const id = randomUUID();
    const answer = await deliver(server, { id, payload: pushOf({ repository, after: commit }) });
    expect(answer).toMatchObject({ status: 200, body: { deliveryId: id, outcome: 'DEPLOYED', deployments: [expect.any(String)] } });
    const [latest, first] = await deployments(service);
    expect(latest).toMatchObject({ id: answer.body.deployments[0], state: 'QUEUED', trigger: 'PUSH', commit, image: 'nginx:alpine' });
    expect(first).toMatchObject({ state: 'LIVE', commit: null });
    expect((await http(`${server.url}/api/services/${service}`, { token: server.token })).body).toMatchObject({ status: 'DEPLOYING', source: { repository, branch: 'main', path: null, autoDeploy: 'IMAGE' } });

    const again = await deliver(server, { id, payload: pushOf({ repository, after: commit }) });
    expect(again).toMatchObject({ status: 200, body: answer.body });
    expect(await deployments(service)).toHaveLength(2);
  });

  it('from another host is none of it, though repository and branch are called the same', async () => {
    const [here, there] = [await follow(), await follow({ host: 'git.example.com:8443' })];
    const of = async (host: string): Promise<number[]> => {
      await pushed({ host });
      return Promise.all([here, there].map(async (service) => (await deployments(service)).length));
    };
    expect(await of('github.com')).toEqual([2, 1]);
    expect(await of('Git.Example.com:8443')).toEqual([2, 2]);
    expect(await of('git.example.com')).toEqual([2, 2]);
  });

  it('takes the place of the push before it', async () => {
    const service = await follow();
    const [first, second] = [newCommit(), newCommit()];
    await pushed({ after: first });
    await pushed({ before: first, after: second });
    expect(await deployments(service)).toMatchObject([{ state: 'QUEUED', commit: second }, { state: 'SUPERSEDED', commit: first }, { state: 'LIVE' }]);
  });

  it('that comes late, after a newer one, does nothing', async () => {
    const service = await follow();
    const [a, b, c] = [newCommit(), newCommit(), newCommit()];
    await pushed({ before: b, after: c, pushedAt: 1_800_000_010 });
    await ignored(service, { before: a, after: b, pushedAt: 1_800_000_010 });
    await ignored(service, { before: newCommit(), after: a, pushedAt: 1_800_000_009 });
    expect((await pushed({ before: c, after: newCommit(), pushedAt: 1_800_000_011 })).body.outcome).toBe('DEPLOYED');
  });

  it('in whatever order many come, the newest wins', async () => {
    const service = await follow();
    const commits = Array.from({ length: 12 }, newCommit);
    const all = commits.slice(1).map((after, n) => ({ before: commits[n]!, after, pushedAt: 1_800_000_000 + n }));
    const shuffled = all.map((wish, n) => [(n * 7) % 11, wish] as const).sort(([a], [b]) => a - b).map(([, wish]) => wish);
    const answers = await Promise.all(shuffled.map((wish) => pushed(wish)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const [latest, ...others] = await deployments(service);
    expect(latest).toMatchObject({ state: 'QUEUED', commit: commits.at(-1) });
    expect(others.filter(({ state }) => !['SUPERSEDED', 'LIVE'].includes(state))).toEqual([]);
  });

  it('waits for nobody but its own service: others that come meanwhile are taken together, one that comes twice once', async () => {
    const [held, free] = [await follow(), await follow({ repository: `${repository}-free` })];
    const holder = server.database.orm.em.fork();
    await holder.begin();
    await holder.execute('select 1 from service where id = ? for update', [held]);
    const waiting = pushed();
    try {
      const commits = Array.from({ length: 8 }, newCommit);
      const deliveries = commits.slice(1).map((after, n) => ({ id: randomUUID(), payload: pushOf({ repository: `${repository}-free`, before: commits[n]!, after, pushedAt: 1_800_000_000 + n }) }));
      const answers = await Promise.all([...deliveries, ...deliveries].map((delivery) => deliver(server, delivery)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(answers.slice(0, 7).map(({ body }) => body)).toEqual(answers.slice(7).map(({ body }) => body));
      const made = await deployments(free);
      expect(made.map(({ id }) => id).toSorted()).toEqual([made.at(-1).id, ...answers.slice(0, 7).flatMap(({ body }) => body.deployments)].toSorted());
      expect(made.map(({ state }) => state)).toEqual(['QUEUED', ...made.slice(2).map(() => 'SUPERSEDED'), 'LIVE']);
      expect(made[0].commit).toBe(commits.at(-1));
    } finally {
      await holder.rollback();
    }
    expect(await waiting).toMatchObject({ status: 200, body: { outcome: 'DEPLOYED' } });
  });

  it.each([
    'refs/heads/feature/main', 'refs/heads/main/feature', 'refs/heads/mainly', 'refs/heads/Main', 'refs/heads/main ', 'refs/heads/', 'refs/heads/*', 'refs/heads/ma?n',
    'refs/tags/main', 'refs/pull/1/head', 'refs/remotes/origin/main', 'refs/heads/refs/heads/main', 'main', 'heads/main', '/refs/heads/main', 'refs/heads/main\n', 'refs/heads/main;id', 'refs/heads/$(id)', "refs/heads/main' or '1'='1",
  ])('to %j is none to main', async (ref) => {
    await ignored(await follow(), { ref });
  });

  it('to a branch with a slash is one to exactly that branch', async () => {
    const [slash, plain] = [await follow({ branch: 'feature/main' }), await follow()];
    const { body } = await pushed({ ref: 'refs/heads/feature/main' });
    expect(body.deployments).toEqual([(await deployments(slash))[0].id]);
    expect(await deployments(plain)).toHaveLength(1);
  });

  it('to another repository, whose name only resembles, does nothing; small and capital letters are one', async () => {
    const service = await follow();
    for (const other of [`${repository}-fork`, `${repository}.git`, `evil/${repository.split('/')[1]}`, `x${repository}`, repository.replace('/', '%2F'), '%']) await ignored(service, { repository: other });
    expect((await pushed({ repository: repository.toUpperCase() })).body.outcome).toBe('DEPLOYED');
  });

  it('that deletes the branch does nothing; one that makes or forces it deploys', async () => {
    const service = await follow({ path: 'apps/web' });
    await ignored(service, { deleted: true, after: NOTHING });
    expect((await pushed({ created: true, before: NOTHING })).body.outcome).toBe('DEPLOYED');
    expect((await pushed({ forced: true })).body.outcome).toBe('DEPLOYED');
  });

  it.each(['Fix [skip ci]', '[SKIP CI] later', 'Docs\n\n[ci skip]', '[skip apex]'])('with the message %j is skipped', async (message) => {
    await ignored(await follow(), { message });
  });

  it.each([
    ['apps/web', ['apps/web/src/index.ts'], true], ['apps/web', ['README.md', 'apps/web/x'], true], ['apps/web', ['apps/web'], true],
    ['apps/web', ['apps/website/index.ts'], false], ['apps/web', ['README.md'], false], ['apps/web', ['old/apps/web/x'], false], ['apps/web', ['apps/web/../api/x'], true], ['.github', ['.github/x'], true],
  ])('for %s that touches %j: %s', async (path, modified, deploys) => {
    await follow({ path });
    expect((await pushed({ modified })).body.outcome).toBe(deploys ? 'DEPLOYED' : 'IGNORED');
  });

  it.each<[string, object[], boolean]>([
    ['moves a file out of it', [{ added: ['apps/api/x'], removed: ['apps/web/x'], modified: [] }], true],
    ['moves a file into it', [{ added: ['apps/web/x'], removed: ['apps/api/x'], modified: [] }], true],
    ['touches it in one of many commits', [OUTSIDE, { ...OUTSIDE, removed: ['apps/web/x'] }, OUTSIDE], true],
    ['touches it in none of many commits', Array(2047).fill(OUTSIDE), false],
    ['has more commits than GitHub tells of', Array(2048).fill(OUTSIDE), true],
    ['does not say what it touches', [{}], true],
    ['brings no commit', [], true],
  ])('for a folder, one that %s', async (_, commits, deploys) => {
    await follow({ path: 'apps/web' });
    const { body } = await deliver(server, { payload: { ...pushOf({ repository }), commits } });
    expect(body.outcome).toBe(deploys ? 'DEPLOYED' : 'IGNORED');
  });

  it.each(['feature/#1', 'fix-ü', 'a@b', 'dependabot/npm/@scope/x-1.2', "o'hare", '$(id)', 'main;id', '%2e%2e'])('to the branch %s is one to exactly that', async (branch) => {
    const service = await follow({ branch });
    expect((await pushed({ branch: `${branch}x` })).body.outcome).toBe('IGNORED');
    expect((await pushed({ branch })).body.deployments).toEqual([(await deployments(service))[0].id]);
  });

  it('does nothing to a service that does not deploy by itself, follows nothing or was deleted', async () => {
    const off = await follow({ autoDeploy: AutoDeploy.OFF });
    await ignored(off, {});
    const gone = await follow();
    await server.database.orm.em.getConnection().execute('update service set deleted_at = now() where id = ?', [gone]);
    expect((await pushed()).body.outcome).toBe('IGNORED');
  });

  it('of a tag that is named as a branch, as GitHub has published it, does nothing', async () => {
    const service = await follow({ branch: 'simple-tag' });
    const tag = EXAMPLES.find(({ name }) => name === 'push')!.examples.find(({ ref }) => ref.startsWith('refs/tags/'))!;
    const answer = await deliver(server, { payload: { ...tag, repository: { ...tag.repository, full_name: repository } } });
    expect(answer.body).toMatchObject({ outcome: 'IGNORED' });
    expect(await deployments(service)).toHaveLength(1);
  });

  it('is not what a pull request is, from wherever it comes: nothing is deployed', async () => {
    const service = await follow();
    const opened = EXAMPLES.find(({ name }) => name === 'pull_request')!.examples.find(({ action }) => action === 'opened')!;
    for (const head of [opened.pull_request.head, { ...opened.pull_request.head, repo: null }, { ...opened.pull_request.head, repo: { ...opened.pull_request.head.repo, full_name: 'evil/fork', fork: true } }]) {
      for (const action of ['opened', 'synchronize', 'reopened', 'closed']) {
        const payload = { ...opened, action, repository: { ...opened.repository, full_name: repository }, pull_request: { ...opened.pull_request, head, base: { ...opened.pull_request.base, ref: 'main' } } };
        expect(await deliver(server, { event: 'pull_request', payload })).toMatchObject({ status: 200, body: { outcome: 'IGNORED', deployments: [] } });
      }
    }
    expect(await deployments(service)).toHaveLength(1);
  });

  it('of a Gitea, which signs as GitHub does and says less, deploys too', async () => {
    const service = await follow({ path: 'apps/web' });
    const [a, b, c] = [newCommit(), newCommit(), newCommit()];
    const gitea = (wish: object) => ({
      ref: 'refs/heads/main', before: a, after: b, compare_url: 'http://gitea.example/compare', total_commits: 1, repository: { id: 140, name: 'web', full_name: repository, updated_at: '2026-01-01T10:00:00Z' },
      commits: [{ id: b, message: 'Change', added: [], removed: [], modified: ['README.md'] }], head_commit: { id: b, message: 'Change' }, pusher: { id: 1, login: 'gitea' }, ...wish,
    });
    const headers = { 'user-agent': 'Go-http-client/1.1', 'x-gitea-event': 'push', 'x-gogs-event': 'push' };
    const outcome = async (wish: object) => (await deliver(server, { payload: gitea(wish), headers })).body.outcome;
    expect(await outcome({})).toBe('IGNORED');
    expect(await outcome({ commits: [{ id: b, message: 'Change', modified: ['apps/web/x'] }] })).toBe('DEPLOYED');
    // Which files more commits touch than are listed, and those of a new branch, cannot be known.
    expect(await outcome({ before: b, after: c, total_commits: 31 })).toBe('DEPLOYED');
    expect(await outcome({ before: c, after: newCommit(), commits: [{ id: c, message: 'Change' }] })).toBe('DEPLOYED');
    expect(await outcome({ before: NOTHING, after: newCommit() })).toBe('DEPLOYED');
    expect(await outcome({ after: NOTHING, commits: [] })).toBe('IGNORED');
    expect(await deployments(service)).toHaveLength(5);
  });

  it('deploys the services of several teams where it is signed for all, and only the one whose own webhook it is', async () => {
    const stranger = await addAccount(server, 'Stranger');
    const [mine, beside, theirs] = [await follow(), await follow(), await follow({}, stranger.teamId)];
    expect((await pushed()).body.deployments).toHaveLength(3);
    const { body: webhook } = await http(`${server.url}/api/services/${mine}/webhook`, { method: 'POST', token: server.token });
    const counts = async () => Promise.all([mine, beside].map(async (id) => (await deployments(id)).length));
    const own = (wish: PushWish = {}, secret = webhook.secret, service = mine) => push(server, { repository, ...wish }, { service, secret });
    expect((await own()).body.deployments).toEqual([(await deployments(mine))[0].id]);
    expect(await counts()).toEqual([3, 2]);
    for (const service of [beside, theirs]) expect((await own({}, webhook.secret, service)).status).toBe(401);
    expect((await push(server, { repository }, { secret: webhook.secret })).status).toBe(401);

    const { body: renewed } = await http(`${server.url}/api/services/${mine}/webhook`, { method: 'POST', token: server.token });
    expect((await own()).status).toBe(401);
    expect((await own({}, renewed.secret)).status).toBe(200);
  });

  it('delivered many times at once, to two servers, leads to one deployment', async () => {
    const second = await startTestServer({ beside: server, env: { APEX_GITHUB_WEBHOOK_SECRET: SECRET } });
    try {
      const service = await follow();
      const [id, payload] = [randomUUID(), pushOf({ repository })];
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => deliver(n % 2 ? server : second, { id, payload })));
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
      expect(answers[0]).toMatchObject({ status: 200, body: { outcome: 'DEPLOYED' } });
      expect((await deployments(service)).map(({ id: made }) => made)).toEqual([...answers[0]!.body.deployments, expect.any(String)]);
    } finally {
      await second.stop();
    }
  });

  it('that meets a deadlock in the database is tried again', async () => {
    const service = await follow();
    const { orm } = server.database;
    await orm.em.getConnection().execute(`create sequence deadlocks; create function deadlock_twice() returns trigger language plpgsql as $$ begin if nextval('deadlocks') <= 2 then raise exception 'no' using errcode = '40P01'; end if; return new; end $$; create trigger deadlock_twice before insert on deployment for each row execute function deadlock_twice()`);
    const answer = await pushed().finally(() => orm.em.getConnection().execute('drop trigger deadlock_twice on deployment; drop function deadlock_twice; drop sequence deadlocks'));
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'DEPLOYED', deployments: [expect.any(String)] } });
    expect(await deployments(service)).toHaveLength(2);
  });

  it('that could not be processed leaves nothing, and runs when it is delivered again', async () => {
    const service = await follow();
    const { orm } = server.database;
    await orm.em.getConnection().execute(`create function fail_once() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; create trigger fail_once before insert on deployment for each row execute function fail_once()`);
    const [id, payload] = [randomUUID(), pushOf({ repository })];
    const failed = await deliver(server, { id, payload }).finally(() => orm.em.getConnection().execute('drop trigger fail_once on deployment; drop function fail_once'));
    expect(failed).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
    expect(await orm.em.getConnection().execute('select 1 from webhook_delivery where delivery_id = ?', [id])).toEqual([]);
    expect(await deliver(server, { id, payload })).toMatchObject({ status: 200, body: { outcome: 'DEPLOYED' } });
    expect(await deployments(service)).toHaveLength(2);
  });
});
