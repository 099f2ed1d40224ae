import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachePath } from '../../src/cli/surroundings.js';
import { prepareBuilder, prepareBuilderClient } from '../../src/node/builder.js';
import { BUILDKIT_VERSION } from '../../src/orchestrator/build/builder-tools.js';
import { signedDoor } from '../../src/outside/registry-door.js';
import { RegistryTransfer } from '../../src/outside/registry-transfer.js';
import { graphqlClient, type GraphqlClient } from '../acceptance/graphql-client.js';
import { until } from '../acceptance/rest-client.js';
import { startGitServer, type GitServer } from '../support/git-server.js';
import { transferOfNode } from '../support/node-registry.js';
import { READER, SECOND_READER, startPrivateRegistry, WRITER, type PrivateRegistry } from '../support/private-registry.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const NODE_DIR = process.env['APEX_NODE_DIR'] ?? '/var/lib/apex-node';
/** Compiling BuildKit, on a machine that has never built. */
const COLD_MS = 900_000;
const WRONG = 'canary-wrong-password';

/** The cluster is the node's, but the server does not know: to it, it is any cluster. */
describe('builds on a cluster that is not the embedded one', () => {
  let git: GitServer;
  let registry: PrivateRegistry;
  let server: TestServer;
  let graph: GraphqlClient;
  let folder: string;
  let passwordFile: string;
  let service: any;
  let first: string;
  let second: string;

  beforeAll(async () => {
    const builder = await prepareBuilder({ cacheDir: cachePath(process) });
    await prepareBuilderClient({ cacheDir: cachePath(process) });
    folder = mkdtempSync(join(tmpdir(), 'apex-elsewhere-'));
    passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, `${WRONG}\n`);
    [git, registry] = await Promise.all([startGitServer(), startPrivateRegistry({ tokens: true })]);
    // Where the cluster does not reach Docker Hub, the builder's image is in the registry as well.
    const layout = join(folder, 'builder');
    mkdirSync(layout);
    const signal = AbortSignal.timeout(60_000);
    const [repository, tag] = builder.image.replace('apex.local/', '').split(':') as [string, string];
    await transferOfNode().pull(repository, tag, layout, signal);
    await new RegistryTransfer(signedDoor(new URL(`http://${registry.open}`), null)).push(layout, 'mirror/buildkit', ['1'], signal);
    server = await startTestServer({
      cluster: true,
      env: {
        KUBECONFIG: join(NODE_DIR, 'kubeconfig'), APEX_NODE_DIR: '', APEX_CACHE_DIR: cachePath(process), APEX_BUILDER_IMAGE: `${registry.host}/mirror/buildkit:1`, APEX_GIT_URL: git.url, APEX_ALLOWED_INTERNAL: `${git.host},${registry.host}`, APEX_KEPT_IMAGES: '1',
        APEX_REGISTRY: `${registry.host}/acme/apex`, APEX_REGISTRY_USER: WRITER.username, APEX_REGISTRY_PASSWORD_FILE: passwordFile, APEX_REGISTRY_PULL_USER: SECOND_READER.username, APEX_REGISTRY_PULL_PASSWORD: SECOND_READER.password,
      },
    });
    graph = graphqlClient(server.url, server.token, server.log);
    git.commit('acme/web', { Dockerfile: `FROM ${registry.image}\nCOPY page /page\n`, page: 'first' });
  }, COLD_MS);
  afterAll(async () => {
    await graph?.close();
    // The server's end may complain of what it has logged: nothing must be left running behind that.
    await Promise.all([git?.stop(), registry?.stop()]);
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  });

  const ended = async (id: string): Promise<any> => {
    for await (const _ of graph.subscribe('subscription ($id: ID!) { deploymentProgress(deploymentId: $id) { cursor } }', { id }));
    return (await graph.run('query ($id: ID!) { deployment(id: $id) { id state image digest reason { code message } build { state digest } } }', { id })).deployment;
  };
  const deploy = async (input: object): Promise<any> => (await graph.run('mutation ($input: DeployServiceInput!) { deployService(input: $input) { id teamId image latestDeployment { id } } }', { input })).deployService;
  const redeploy = async (): Promise<any> => ended((await graph.run('mutation ($id: ID!) { redeployService(id: $id) { latestDeployment { id } } }', { id: service.id })).redeployService.latestDeployment.id);
  const held = async (digest: string): Promise<boolean> => (await fetch(`http://${registry.open}/v2/acme/apex/${service.teamId}/${service.id}/manifests/${digest}`, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } })).ok;
  const pods = (): any[] => JSON.parse(kubectl('get', 'pods', '--all-namespaces', '-l', `apexpaas.com/service=${service.id}`, '-o', 'json')).items.filter(({ metadata }: any) => !metadata.deletionTimestamp);

  it('uses the BuildKit that its client is made of', () => {
    expect(readFileSync(join(import.meta.dirname, '..', '..', 'cluster', 'builder', 'go.mod'), 'utf8')).toContain(`github.com/moby/buildkit ${BUILDKIT_VERSION} `);
  });

  it('says that the registry does not take the password, and not what it is', async () => {
    await graph.run('mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input: { registry: registry.host, ...READER } });
    service = await deploy({ name: 'web', containerPort: 8080, source: { repository: 'acme/web', autoDeploy: 'BUILD' } });
    expect(service.image).toBe(`${registry.host}/acme/apex/${service.teamId}/${service.id}`);
    const deployment = await ended(service.latestDeployment.id);
    expect(deployment).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: expect.stringMatching(new RegExp(`the registry ${registry.host} does not let this installation write acme/apex/.*APEX_REGISTRY_USER`)) } });
    expect(JSON.stringify(deployment)).not.toContain('canary');
    expect([...registry.writers]).toEqual([]);
  });

  it('pushes to the registry and deploys the digest, which the cluster pulls with a password that only reads', async () => {
    writeFileSync(passwordFile, WRITER.password);
    const deployment = await redeploy();
    expect(deployment).toMatchObject({ state: 'LIVE', image: service.image, build: { state: 'SUCCEEDED', digest: deployment.digest } });
    first = deployment.digest;
    expect([await held(first), await held('latest')]).toEqual([true, true]);
    expect([...registry.writers]).toEqual(['writer undici']);
    expect([...registry.readers]).toContain('second containerd');
    const [pod, ...more] = pods();
    expect([more, pod.spec.containers[0].image]).toEqual([[], `${service.image}@${first}`]);
    const secret = JSON.parse(kubectl('get', 'secret', '-n', pod.metadata.namespace, pod.spec.imagePullSecrets[0].name, '-o', 'json'));
    expect(Object.values(JSON.parse(Buffer.from(secret.data['.dockerconfigjson'], 'base64').toString()).auths)).toEqual([expect.objectContaining(SECOND_READER)]);
  });

  it('keeps its image where only a variable is changed', async () => {
    const { latestDeployment } = (await graph.run('mutation ($id: ID!) { updateService(id: $id, input: { env: { A: "1" } }) { latestDeployment { id } } }', { id: service.id })).updateService;
    expect(await ended(latestDeployment.id)).toMatchObject({ state: 'LIVE', build: null, image: service.image, digest: first });
  });

  it('builds on an image of its own', async () => {
    git.commit('acme/web', { Dockerfile: `FROM ${service.image}\nCOPY page /page\n`, page: 'second' });
    const { digest, ...deployment } = await redeploy();
    expect(deployment).toMatchObject({ state: 'LIVE' });
    expect(digest).not.toBe(first);
    second = digest;
  });

  it("deploys the team's image by its name, and refuses another team's", async () => {
    const own = await deploy({ name: 'own', containerPort: 8080, image: service.image });
    expect(await ended(own.latestDeployment.id)).toMatchObject({ state: 'LIVE', digest: expect.stringContaining('sha256:') });
    const { id: teamId } = (await graph.run('mutation { createTeam(input: { name: "others" }) { id } }')).createTeam;
    const stolen = await deploy({ name: 'stolen', image: service.image, teamId });
    expect(await ended(stolen.latestDeployment.id)).toMatchObject({ state: 'FAILED', reason: { code: 'IMAGE_UNAUTHORIZED', message: expect.stringContaining("another team's") } });
    await graph.run('mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input: { registry: registry.host, ...READER, teamId } });
    git.commit('acme/thief', { Dockerfile: `FROM ${service.image}\n` });
    const built = await deploy({ name: 'built-on-it', source: { repository: 'acme/thief', autoDeploy: 'BUILD' }, teamId });
    expect(await ended(built.latestDeployment.id)).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: `The Dockerfile builds on ${service.image}, which is another team's image.` } });
  });

  it('takes the image of an older release out of the registry, once another build has ended', async () => {
    await until('the old image is gone', () => held(first), (is) => !is, 30);
    expect(await held(second)).toBe(true);
  });

  it('shows no password outside of the Secret', () => {
    const seen = [server.log(), kubectl('get', 'pods,jobs,deployments,configmaps,events', '--all-namespaces', '-o', 'json')];
    for (const text of seen) for (const { username, password } of [WRITER, SECOND_READER, { username: WRITER.username, password: WRONG }]) expect([text.includes(password), text.includes(Buffer.from(`${username}:${password}`).toString('base64'))]).toEqual([false, false]);
  });
});

it.each([
  ['no registry', {}, 'names it in APEX_REGISTRY'],
  ['no way to the image of the builder', { APEX_CACHE_DIR: cachePath(process), APEX_REGISTRY: 'localhost:9', APEX_BUILDER_IMAGE: '127.0.0.1:9/buildkit:1' }, 'The cluster cannot pull the image of the builder, 127.0.0.1:9/buildkit:1: its operator has to look at APEX_BUILDER_IMAGE.'],
])('says what is missing where such a cluster has %s', async (_name, env, message) => {
  const git = await startGitServer();
  git.commit('acme/web', { Dockerfile: 'FROM scratch\n' });
  const server = await startTestServer({ cluster: true, env: { KUBECONFIG: join(NODE_DIR, 'kubeconfig'), APEX_NODE_DIR: '', APEX_GIT_URL: git.url, APEX_ALLOWED_INTERNAL: git.host, ...env } });
  const graph = graphqlClient(server.url, server.token, server.log);
  try {
    const { latestDeployment } = (await graph.run('mutation { deployService(input: { name: "web", source: { repository: "acme/web", autoDeploy: BUILD } }) { latestDeployment { id } } }')).deployService;
    for await (const _ of graph.subscribe('subscription ($id: ID!) { deploymentProgress(deploymentId: $id) { cursor } }', { id: latestDeployment.id }));
    const { deployment } = await graph.run('query ($id: ID!) { deployment(id: $id) { state reason { code message } } }', { id: latestDeployment.id });
    expect(deployment).toMatchObject({ state: 'FAILED', reason: { code: 'BUILD_FAILED', message: expect.stringContaining(message) } });
  } finally {
    await graph.close();
    await server.stop();
    await git.stop();
  }
});

const kubectl = (...args: string[]): string => execFileSync(join(NODE_DIR, 'bin', 'apex-kube'), ['kubectl', '--kubeconfig', join(NODE_DIR, 'kubeconfig'), ...args], { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
