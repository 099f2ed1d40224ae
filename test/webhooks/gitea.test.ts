import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import type { ServicePreviews } from '../../src/entities/service-previews.js';
import { AutoDeploy } from '../../src/entities/service-source.js';
import { newCommit } from '../support/github.js';
import { giteaPullRequest, giteaPush } from '../support/gitea.js';
import { graphql, http, type HttpAnswer } from '../support/http.js';
import { PREVIEWS } from '../support/operations.js';
import { insertRunningService } from '../support/rows.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const SECRET = 'a secret of the Gitea here';

describe("Gitea's webhook", () => {
  let server: TestServer;
  let repository: string;

  beforeAll(async () => {
    server = await startTestServer({ env: { APEX_GITEA_WEBHOOK_SECRET: SECRET } });
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    repository = `gitea/web-${randomUUID().slice(0, 8)}`;
  });

  interface Wish {
    event?: string;
    id?: string;
    signature?: string | null;
    service?: string;
    secret?: string;
    path?: string;
  }
  const deliver = (payload: unknown, { event = 'push', id = randomUUID(), secret = SECRET, signature, service, path = 'gitea' }: Wish = {}): Promise<HttpAnswer> => {
    const raw = JSON.stringify(payload);
    const signed = signature === undefined ? createHmac('sha256', secret).update(raw).digest('hex') : signature;
    return http(`${server.url}/api/webhooks/${path}${service ? `?service=${service}` : ''}`, {
      raw,
      headers: { 'content-type': 'application/json', 'x-gitea-event': event, 'x-gitea-event-type': event, 'x-gitea-delivery': id, 'x-github-event': event, 'x-github-delivery': id, ...(signed !== null && { 'x-gitea-signature': signed }) },
    });
  };
  /** Without a cluster nothing is deployed by hand: the row as a service leaves it. */
  const follow = async (previews: ServicePreviews | null = null): Promise<string> =>
    (await insertRunningService(server.database, `web-${randomUUID().slice(0, 8)}`, { source: { repository, host: 'gitea.example', branch: 'main', path: null, autoDeploy: AutoDeploy.IMAGE }, previews })).id;
  const deployments = async (id: string): Promise<any[]> => (await http(`${server.url}/api/services/${id}/deployments`, { token: server.token })).body;

  it('a push deploys the services that follow its branch, once for each delivery', async () => {
    const service = await follow();
    const [id, commit] = [randomUUID(), newCommit()];
    const answer = await deliver(giteaPush({ repository, after: commit }), { id });
    expect(answer).toMatchObject({ status: 200, body: { deliveryId: id, outcome: 'DEPLOYED' } });
    expect((await deployments(service))[0]).toMatchObject({ id: answer.body.deployments[0], trigger: 'PUSH', commit });
    expect((await deliver(giteaPush({ repository, after: commit }), { id })).body).toEqual(answer.body);
    expect(await deployments(service)).toHaveLength(2);
  });

  it('the order of pushes is known by their predecessors', async () => {
    const service = await follow();
    const [a, b, c] = [newCommit(), newCommit(), newCommit()];
    await deliver(giteaPush({ repository, before: b, after: c }));
    expect((await deliver(giteaPush({ repository, before: a, after: b }))).body.outcome).toBe('IGNORED');
    expect((await deployments(service))[0].commit).toBe(c);
  });

  it('a pull request gets a preview, a push to it changes it, and its end closes it; one of a fork awaits approval', async () => {
    await follow({ enabled: true, image: null, needs: [], variables: [] });
    const [commit, next] = [newCommit(), newCommit()];
    const previews = async (): Promise<any[]> => (await graphql(server.url, server.token, PREVIEWS)).body.data.previews.nodes.filter((one: any) => one.repository === repository);
    expect((await deliver(giteaPullRequest({ repository, commit }), { event: 'pull_request' })).body.outcome).toBe('DEPLOYED');
    expect(await previews()).toMatchObject([{ state: 'OPEN', commit, url: `https://gitea.example/${repository}/pulls/2`, fork: false }]);
    expect((await deliver(giteaPullRequest({ repository, commit: next, action: 'synchronized', at: 1_800_000_010 }), { event: 'pull_request' })).body.outcome).toBe('DEPLOYED');
    expect(await previews()).toMatchObject([{ state: 'OPEN', commit: next }]);
    expect((await deliver(giteaPullRequest({ repository, commit: next, action: 'closed', at: 1_800_000_020 }), { event: 'pull_request' })).body.outcome).toBe('CLOSED');
    for (const [number, from] of [[3, 'mallory/web'], [4, null]] as const) expect((await deliver(giteaPullRequest({ repository, number, from }), { event: 'pull_request' })).body.outcome).toBe('AWAITING_APPROVAL');
    expect((await previews()).map(({ number, state }) => [number, state])).toEqual([[4, 'AWAITING_APPROVAL'], [3, 'AWAITING_APPROVAL'], [2, 'CLOSED']]);
  });

  it('a branch that is deleted, and what else there is, does nothing', async () => {
    const service = await follow();
    for (const event of ['create', 'delete', 'issues', 'release']) expect((await deliver({ ref: 'main', ref_type: 'branch', repository: { full_name: repository } }, { event })).body).toMatchObject({ outcome: 'IGNORED', deployments: [] });
    expect((await deliver(giteaPush({ repository, after: '0'.repeat(40) }))).body.outcome).toBe('IGNORED');
    expect(await deployments(service)).toHaveLength(1);
  });

  it.each<[string, Wish]>([
    ['no signature', { signature: null }], ['a wrong one', { secret: 'another secret than that' }], ["GitHub's form of it", { signature: `sha256=${'a'.repeat(64)}` }], ["GitHub's door", { path: 'github' }],
  ])('%s is refused, and nothing is kept', async (_, wish) => {
    const service = await follow();
    const rows = async (): Promise<unknown> => server.database.orm.em.getConnection().execute('select count(*) from webhook_delivery');
    const before = await rows();
    expect((await deliver(giteaPush({ repository }), wish)).status).toBe(401);
    expect(await rows()).toEqual(before);
    expect(await deployments(service)).toHaveLength(1);
  });

  it("is believed with a service's own secret, for that service only", async () => {
    const [service, other] = [await follow(), await follow()];
    const { body } = await http(`${server.url}/api/services/${service}/webhook`, { method: 'POST', token: server.token });
    const answer = await deliver(giteaPush({ repository }), { service, secret: body.secret });
    expect(answer.body.deployments).toHaveLength(1);
    expect([(await deployments(service)).length, (await deployments(other)).length]).toEqual([2, 1]);
  });
});
