import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { cachePath } from '../../src/cli/surroundings.js';
import { builtImage, EMBEDDED_PLACE } from '../../src/entities/built-image.js';
import { prepareBuilder } from '../../src/node/builder.js';
import { graphqlClient, type GraphqlClient } from '../acceptance/graphql-client.js';
import { until, visit } from '../acceptance/rest-client.js';
import { deliver, pushOf, SECRET } from '../support/github.js';
import { GithubServer } from '../support/github-server.js';
import { askRegistryOfNode } from '../support/node-registry.js';
import { READER, startPrivateRegistry, type PrivateRegistry } from '../support/private-registry.js';
import { startGitServer, type GitServer } from '../support/git-server.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const LOGIN = { username: 'x-access-token', password: 'canary-of-the-git-host' };
const NODE_DIR = process.env['APEX_NODE_DIR'] ?? '/var/lib/apex-node';
/** Compiling BuildKit, on a machine that has never built. */
const COLD_MS = 900_000;

const BUILD_SECRET = 'canary-of-a-build';
/** Address and port of the API server, for pods and on the machine. */
const INWARD = "'10.96.0.1 443' '10.244.0.1 6443'";
const DOCKERFILE = `FROM busybox AS words
RUN --mount=type=secret,id=PACKAGES --mount=type=secret,id=KEY,env=KEY cat /run/secrets/PACKAGES && echo " was \$(wc -c < /run/secrets/PACKAGES) \$KEY"
ARG GREETING=none
# A build reaches neither the cluster nor the machine.
RUN for target in ${INWARD}; do nc -w 2 \$target </dev/null && exit 9; done; echo closed
# Not because it reached nothing at all: names are found.
RUN nslookup kubernetes.default.svc.cluster.local >/dev/null && echo open
RUN mkdir /www && echo "said to stderr" >&2 && echo "$GREETING" > /www/greeting
FROM busybox
COPY --from=words /www /www
COPY page /www/index.html
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
`;
const DEPLOYMENT = 'id state commit digest reason { code message lastLines } steps { name state message } build { state commit digest failingStep message milliseconds }';

describe('a service that is built from Git', () => {
  let git: GitServer;
  let github: GithubServer;
  let server: TestServer;
  let registry: PrivateRegistry;
  let graph: GraphqlClient;
  /** Service and digest of an image that nobody runs any more. */
  let gone: [string, string];
  let service: any;

  beforeAll(async () => {
    await prepareBuilder({ cacheDir: cachePath(process) });
    github = await GithubServer.start();
    registry = await startPrivateRegistry();
    git = await startGitServer(LOGIN, github);
    server = await startTestServer({ cluster: true, env: { APEX_GITHUB_WEBHOOK_SECRET: SECRET, APEX_GIT_URL: git.url, APEX_ALLOWED_INTERNAL: `${git.host},${registry.host}`, APEX_KEPT_IMAGES: '1', APEX_GITHUB_TOKEN: 'ghp_canary', APEX_GITHUB_API_URL: `${git.url}/api/v3` } });
    graph = graphqlClient(server.url, server.token);
  }, COLD_MS);
  afterAll(async () => {
    await graph?.close();
    await server?.stop();
    await git?.stop();
    await github?.stop();
    await registry?.stop();
  });

  const ended = async (id: string): Promise<any> => {
    for await (const _ of graph.subscribe('subscription ($id: ID!) { deploymentProgress(deploymentId: $id) { cursor } }', { id }));
    return (await graph.run(`query ($id: ID!) { deployment(id: $id) { ${DEPLOYMENT} } }`, { id })).deployment;
  };
  const pushed = async (files: Record<string, string>): Promise<{ commit: string; id: string }> => {
    const commit = git.commit('acme/web', files);
    const answer = await deliver(server, { headers: { 'x-github-enterprise-host': git.host }, payload: pushOf({ repository: 'acme/web', host: git.host, after: commit, modified: Object.keys(files), pushedAt: Math.floor(Date.now() / 1000) }) });
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'DEPLOYED' } });
    return { commit, id: answer.body.deployments[0] };
  };
  const log = async (id: string): Promise<{ step: string | null; message: string }[]> => (await graph.run('query ($id: ID!) { buildLogs(deploymentId: $id) { lines { number step message } } }', { id })).buildLogs.lines;
  /** A pod that is on its way out may be the one that answers. */
  const serves = async (wanted: string, path = '/'): Promise<void> => {
    const { url } = (await graph.run('query ($id: ID!) { service(id: $id) { url } }', { id: service.id })).service;
    await until(`it serves "${wanted}"`, () => visit(url, path), ({ status, text }) => status === 200 && text.trim() === wanted, 30);
  };

  it('says what to do where its repository is private', async () => {
    git.commit('acme/web', { 'README.md': 'nothing to build' });
    const input = { name: 'web', containerPort: 8080, public: true, source: { repository: 'acme/web', autoDeploy: 'BUILD', buildArgs: { GREETING: 'good morning' } }, buildSecrets: { PACKAGES: BUILD_SECRET, KEY: 'short' } };
    service = (await graph.run('mutation ($input: DeployServiceInput!) { deployService(input: $input) { id teamId image latestDeployment { id } } }', { input })).deployService;
    const deployment = await ended(service.latestDeployment.id);
    expect(deployment).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: expect.stringContaining(`give the team a credential for ${git.host}`) }, build: { state: 'FAILED', digest: null } });
    await graph.run('mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input: { registry: git.host, ...LOGIN } });
  });

  it('says what to do where it has no Dockerfile', async () => {
    const { latestDeployment } = (await graph.run('mutation ($id: ID!) { redeployService(id: $id) { latestDeployment { id } } }', { id: service.id })).redeployService;
    expect(await ended(latestDeployment.id)).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: expect.stringMatching(/^There is no Dockerfile in the repository, and none can be made for it: looked for go\.mod .*Add a Dockerfile, or set source\.dockerfile/) } });
  });

  it('makes a Dockerfile for a site of plain pages, and serves nothing of it that is not a page', async () => {
    git.commit('acme/pages', { 'index.html': 'plain pages', 'about.html': 'about them', '.env': 'canary' });
    const input = { name: 'pages', containerPort: 8081, public: true, source: { repository: 'acme/pages', autoDeploy: 'BUILD' } };
    const { id, url, latestDeployment } = (await graph.run('mutation ($input: DeployServiceInput!) { deployService(input: $input) { id url latestDeployment { id } } }', { input })).deployService;
    expect(await ended(latestDeployment.id)).toMatchObject({ state: 'LIVE', build: { state: 'SUCCEEDED' } });
    expect((await log(latestDeployment.id)).map(({ message }) => message)).toEqual(expect.arrayContaining([expect.stringContaining('It is a static site (index.html), and is built with this one:'), 'FROM nginx:alpine']));
    expect(await Promise.all(['/', '/about', '/.env', '/none'].map((path) => visit(url, path).then(({ status, text }) => [status, status === 200 ? text : null])))).toEqual([[200, 'plain pages'], [200, 'about them'], [404, null], [404, null]]);
    gone = [id, (await graph.run('query ($id: ID!) { service(id: $id) { currentDeployment { digest } } }', { id })).service.currentDeployment.digest];
    await graph.run('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id });
  });

  it('builds on a private image with the credential of the team, which the builder never has', async () => {
    git.commit('acme/based', { Dockerfile: 'ARG BASE=nothing\nFROM ${BASE}:1\nCOPY page /page\n', page: 'based' });
    const input = { name: 'based', containerPort: 8080, source: { repository: 'acme/based', autoDeploy: 'BUILD', buildArgs: { BASE: registry.image.replace(/:1$/, '') } } };
    const { id, latestDeployment } = (await graph.run('mutation ($input: DeployServiceInput!) { deployService(input: $input) { id latestDeployment { id } } }', { input })).deployService;
    expect(await ended(latestDeployment.id)).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: expect.stringContaining(`give the team a credential for ${registry.host}`) } });
    await graph.run('mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input: { registry: registry.host, ...READER } });
    let read: string[] = [];
    registry.instead = (_method, path) => (path.includes('/blobs/') && read.push(path), null);
    const again = (await graph.run('mutation ($id: ID!) { redeployService(id: $id) { latestDeployment { id } } }', { id })).redeployService;
    expect(await ended(again.latestDeployment.id)).toMatchObject({ state: 'LIVE', build: { state: 'SUCCEEDED' } });
    expect([...registry.readers]).toEqual(['reader undici']);
    const first = read;
    read = [];
    git.commit('acme/based', { Dockerfile: 'ARG BASE=nothing\nFROM ${BASE}:1\nCOPY page /page\n', page: 'based anew' });
    const anew = (await graph.run('mutation ($id: ID!) { redeployService(id: $id) { latestDeployment { id } } }', { id })).redeployService;
    expect(await ended(anew.latestDeployment.id)).toMatchObject({ state: 'LIVE', build: { state: 'SUCCEEDED' } });
    // The layers of the base are there; what says how it is run is some hundred bytes.
    expect([first.length > 1, read.length]).toEqual([true, 1]);
    await graph.run('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id });
  });

  it('serves the commit that was pushed', async () => {
    const { commit, id } = await pushed({ Dockerfile: DOCKERFILE, page: 'first' });
    const lines: string[] = [];
    for await (const { buildLogs } of graph.subscribe('subscription ($id: ID!) { buildLogs(deploymentId: $id) { lines { message } } }', { id })) lines.push(...buildLogs.lines.map(({ message }: any) => message));
    const deployment = await ended(id);
    expect(deployment).toMatchObject({ state: 'LIVE', commit, reason: null, build: { state: 'SUCCEEDED', commit, digest: deployment.digest, failingStep: null } });
    expect(deployment.steps.map(({ name, state }: any) => [name, state])).toEqual([['PREPARE', 'DONE'], ['BUILD', 'DONE'], ['ROLL_OUT', 'DONE']]);
    await serves('first');
    await serves('good morning', '/greeting');
    expect(lines).toEqual((await log(id)).map(({ message }) => message));
    expect(lines).toEqual(expect.arrayContaining(['said to stderr', 'closed', 'open', `*** was ${BUILD_SECRET.length} short`]));
  });

  it('is kept from the cluster and the machine by its policy: a pod without one reaches both in the same way', async () => {
    // The server is in this process, too: it is not to stand still meanwhile.
    const run = async (...args: string[]): Promise<string> => (await promisify(execFile)(...kubectlCommand(...args))).stdout;
    const pod = `probe-${server.id}`;
    try {
      await run('run', pod, '--image=busybox', '--restart=Never', '--', 'sh', '-c', `for target in ${INWARD}; do nc -w 10 $target </dev/null && echo "reached $target"; done`);
      await run('wait', `pod/${pod}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s');
      expect((await run('logs', pod)).trim().split('\n')).toEqual(['reached 10.96.0.1 443', 'reached 10.244.0.1 6443']);
    } finally {
      await run('delete', 'pod', pod, '--wait=false');
    }
  });

  it('builds only what has changed, and reads it with the key of a GitHub App as well', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    github.app = { id: '4711', key: publicKey, owner: 'acme', token: LOGIN.password };
    const credential = { registry: git.host, username: 'app/4711', password: privateKey.export({ type: 'pkcs1', format: 'pem' }) };
    await graph.run('mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input: credential });
    const { id } = await pushed({ Dockerfile: DOCKERFILE, page: 'second' });
    expect(await ended(id)).toMatchObject({ state: 'LIVE' });
    await serves('second');
    expect(github.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(expect.arrayContaining(['GET /repos/acme/web/installation', 'POST /app/installations/7/access_tokens']));
    const cached = (await log(id)).filter(({ message }) => message === 'CACHED').map(({ step }) => step);
    expect(cached).toEqual(expect.arrayContaining([expect.stringContaining('RUN mkdir /www')]));
  });

  it('keeps its image where only a variable is changed', async () => {
    const before = (await graph.run('query ($id: ID!) { service(id: $id) { currentDeployment { digest commit } } }', { id: service.id })).service.currentDeployment;
    const { latestDeployment } = (await graph.run('mutation ($id: ID!) { updateService(id: $id, input: { env: { A: "1" } }) { latestDeployment { id } } }', { id: service.id })).updateService;
    expect(await ended(latestDeployment.id)).toMatchObject({ state: 'LIVE', build: null, ...before });
  });

  it('is built anew where one of its secrets is changed', async () => {
    const { latestDeployment } = (await graph.run('mutation ($id: ID!) { updateService(id: $id, input: { buildSecrets: { KEY: "other" } }) { latestDeployment { id } } }', { id: service.id })).updateService;
    expect(await ended(latestDeployment.id)).toMatchObject({ state: 'LIVE', build: { state: 'SUCCEEDED' } });
    expect((await log(latestDeployment.id)).map(({ message }) => message)).toContain(`*** was ${BUILD_SECRET.length} other`);
  });

  it('names the step that failed, here and on GitHub, and goes on serving', async () => {
    const { id, commit } = await pushed({ Dockerfile: `${DOCKERFILE}RUN echo "the last words" && exit 3\n`, page: 'third' });
    const { reason, build, state } = await ended(id);
    expect(state).toBe('FAILED');
    expect(build).toMatchObject({ state: 'FAILED', failingStep: expect.stringContaining('RUN echo "the last words" && exit 3') });
    expect(reason).toMatchObject({ code: 'BUILD_FAILED', message: expect.stringMatching(/^The step ".*exit 3" failed: .*exit code: 3$/), lastLines: ['the last words'] });
    const told = () => github.statuses.filter((status) => status.commit === commit && status.state === 'failure');
    await github.until(() => told().length > 0);
    expect(told()).toEqual([expect.objectContaining({ repository: 'acme/web', context: 'apex/production/web', description: expect.stringMatching(/RUN echo "the last words" && exit 3 failed: the last words$/) })]);
    await serves('second');
  });

  it('ends at once when it is canceled, and the next one has its turn', async () => {
    const { id } = await pushed({ Dockerfile: 'FROM busybox\nRUN echo begun && sleep 3600\n' });
    for await (const { buildLogs } of graph.subscribe('subscription ($id: ID!) { buildLogs(deploymentId: $id) { lines { message } } }', { id })) {
      if (buildLogs.lines.some(({ message }: any) => message === 'begun')) break;
    }
    // A team's builds run one at a time.
    git.commit('acme/other', { 'docker/other': 'FROM scratch AS empty\nFROM busybox AS wanted\nCMD ["sleep", "3600"]\nFROM empty\n' });
    const other = { name: 'other', source: { repository: 'acme/other', autoDeploy: 'BUILD', path: 'docker', dockerfile: 'other', target: 'wanted' } };
    const { latestDeployment } = (await graph.run('mutation ($input: DeployServiceInput!) { deployService(input: $input) { latestDeployment { id } } }', { input: other })).deployService;
    for await (const { deploymentProgress } of graph.subscribe('subscription ($id: ID!) { deploymentProgress(deploymentId: $id) { event { message } } }', { id: latestDeployment.id })) {
      if (deploymentProgress.event.message === 'Waiting for another build of the team to end.') break;
    }
    await graph.run('mutation ($id: ID!) { cancelDeployment(id: $id) { id } }', { id });
    expect(await ended(latestDeployment.id)).toMatchObject({ state: 'LIVE', build: { state: 'SUCCEEDED' } });
    expect(await ended(id)).toMatchObject({ state: 'CANCELED', build: { state: 'CANCELED' } });
    const builders = (): string => kubectl('get', 'pods', '--all-namespaces', '-l', `apexpaas.com/team=${service.teamId}`, '-o', 'jsonpath={range .items[*]}{.metadata.name} {end}').split(' ').filter((name) => name.startsWith('build-')).join();
    for (const end = Date.now() + 60_000; builders() !== ''; await new Promise((resolve) => setTimeout(resolve, 200))) if (Date.now() > end) throw new Error(`There is still ${builders()}`);
    await serves('second');
  });

  it('keeps in the registry what the newest release runs, and nothing of a service that is gone', async () => {
    const { nodes } = (await graph.run('query ($id: ID!) { deployments(serviceId: $id) { nodes { digest state } } }', { id: service.id })).deployments;
    const live = [...new Set<string>(nodes.filter(({ state }: any) => state === 'LIVE').map(({ digest }: any) => digest))];
    expect(live).toHaveLength(3);
    const held = async ([of, digest]: [string, string]): Promise<boolean> => (await askRegistryOfNode(`${builtImage(EMBEDDED_PLACE, service.teamId, of).slice('apex.local/'.length)}/manifests/${digest}`)).ok;
    await until('what is old is gone', () => Promise.all([...live.map((digest): [string, string] => [service.id, digest]), gone].map(held)), (held) => held.join() === 'true,false,false,false', 60);
  });

  it("refuses another team's image", async () => {
    const { id: teamId } = (await graph.run('mutation { createTeam(input: { name: "others" }) { id } }')).createTeam;
    // The node's registry is asked under Docker Hub's name as well.
    for (const [name, image] of [['stolen', service.image], ['by-another-name', service.image.replace('apex.local/', '')]]) {
      const input = { name, image, teamId };
      const { latestDeployment } = (await graph.run('mutation ($input: DeployServiceInput!) { deployService(input: $input) { latestDeployment { id } } }', { input })).deployService;
      expect(await ended(latestDeployment.id)).toMatchObject({ state: 'FAILED', reason: { code: 'IMAGE_UNAUTHORIZED', message: expect.stringContaining("another team's") } });
    }
  });

  it('shows its token to nobody but the Git host, and a secret of a build to nobody', async () => {
    const encoded = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
    expect([...git.seen]).toEqual([`Basic ${encoded}`]);
    const everywhere = [
      server.log(),
      JSON.stringify(await Promise.all((await graph.run('query ($id: ID!) { deployments(serviceId: $id) { nodes { id } } }', { id: service.id })).deployments.nodes.map(({ id }: any) => graph.run('query ($id: ID!) { buildLogs(deploymentId: $id) { lines { message } } }', { id }).catch(() => null)))),
      kubectl('get', 'pods,jobs,secrets,configmaps,events', '--all-namespaces', '-o', 'json'),
      ...(await layers(service.image.slice('apex.local/'.length))),
    ];
    for (const text of everywhere) for (const secret of [LOGIN.password, encoded, BUILD_SECRET]) expect(text.includes(secret)).toBe(false);
  });
});

const kubectlCommand = (...args: string[]): [string, string[]] => [join(NODE_DIR, 'bin', 'apex-kube'), ['kubectl', '--kubeconfig', join(NODE_DIR, 'kubeconfig'), ...args]];
const kubectl = (...args: string[]): string => execFileSync(...kubectlCommand(...args), { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });

/** All that the newest image of a repository is made of. */
async function layers(repository: string): Promise<string[]> {
  const of = (path: string) => askRegistryOfNode(`${repository}/${path}`);
  const manifest = (await (await of('manifests/latest')).json()) as { config: { digest: string }; layers: { digest: string }[] };
  return Promise.all([manifest.config, ...manifest.layers].map(async ({ digest }) => {
    const bytes = Buffer.from(await (await of(`blobs/${digest}`)).arrayBuffer());
    return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('latin1');
  }));
}
