import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { READER, SECOND_READER, startPrivateRegistry, type PrivateRegistry } from '../support/private-registry.js';
import { ClusterInstallation, type SeenService } from './cluster-installation.js';

let registry: PrivateRegistry;
let installation: ClusterInstallation;
let id: string;

beforeAll(async () => {
  registry = await startPrivateRegistry();
  installation = await ClusterInstallation.start({ APEX_ALLOWED_INTERNAL: registry.host });
});
afterAll(async () => {
  await installation.stop();
  await registry.stop();
});

const ended = ({ latestDeployment: { state } }: SeenService): boolean => ['LIVE', 'FAILED'].includes(state);
const running = ({ status, latestDeployment }: SeenService): boolean => status === 'RUNNING' && latestDeployment.state === 'LIVE';
const deploy = (teamId?: string): Promise<string> => installation.deploy({ name: 'web', image: registry.image, containerPort: 8080, ...(teamId && { teamId }) });
const redeploy = (): Promise<unknown> => installation.graphql('mutation ($id: ID!) { redeployService(id: $id) { id } }', { id });
const give = async (login: { username: string; password: string }): Promise<string> => {
  const input = { registry: registry.host, ...login };
  return (await installation.graphql<{ setRegistryCredential: { id: string } }>('mutation ($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { id } }', { input })).setRegistryCredential.id;
};
const pullSecrets = async (): Promise<any[]> => (await installation.objects('Secret')).filter(({ type }) => type === 'kubernetes.io/dockerconfigjson');
const opened = (secret: any): unknown => JSON.parse(Buffer.from(secret.data['.dockerconfigjson'], 'base64').toString()).auths;
const uids = async (): Promise<(string | undefined)[]> => (await installation.pods(id)).filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.uid);

test('a private image without a credential fails, and the sentence says what to do', async () => {
  id = await deploy();
  const { latestDeployment } = await installation.until(id, ended);
  expect(latestDeployment.reason).toMatchObject({ code: 'IMAGE_UNAUTHORIZED', message: expect.stringContaining(`give the team a credential for ${registry.host} (POST /api/registry-credentials)`) });
  expect(await pullSecrets()).toEqual([]);
});

test('a wrong credential is told as such, without it', async () => {
  await give({ ...READER, password: 'canary-guessed' });
  await redeploy();
  const { latestDeployment } = await installation.until(id, (seen) => ended(seen) && seen.latestDeployment.reason!.message.includes('set the credential anew'));
  expect(latestDeployment.reason).toMatchObject({ code: 'IMAGE_UNAUTHORIZED' });
  expect(JSON.stringify(latestDeployment)).not.toContain('canary');
});

test("the team's credential finds the digest and is given to the pods", async () => {
  await give(READER);
  await redeploy();
  await installation.until(id, running, 60);
  const [secret, ...more] = await pullSecrets();
  expect(more).toEqual([]);
  expect(opened(secret)).toEqual({ [registry.host]: { ...READER, auth: Buffer.from(`reader:${READER.password}`).toString('base64') } });
  expect([...registry.readers]).toContain('reader containerd');
  const [pod] = await installation.pods(id);
  expect([pod!.metadata.namespace, pod!.spec]).toEqual([secret.metadata.namespace, expect.objectContaining({ imagePullSecrets: [{ name: secret.metadata.name }] })]);
});

test('another team has neither the image nor the credential, though the image is on the node', async () => {
  const { createTeam } = await installation.graphql<{ createTeam: { id: string } }>('mutation { createTeam(input: { name: "Others" }) { id } }');
  const theirs = await deploy(createTeam.id);
  const { latestDeployment } = await installation.until(theirs, ended);
  expect(latestDeployment.reason).toMatchObject({ code: 'IMAGE_UNAUTHORIZED' });
  expect((await pullSecrets()).length).toBe(1);
});

test('a changed credential reaches the cluster at once and replaces no pod', async () => {
  const before = await uids();
  await give(SECOND_READER);
  await installation.eventually(pullSecrets, ([secret]) => JSON.stringify(opened(secret)).includes(SECOND_READER.password));
  await installation.idle();
  expect(await uids()).toEqual(before);
  await redeploy();
  await installation.until(id, running, 60);
  expect((await pullSecrets()).length).toBe(1);
});

test('one that is taken away leaves the cluster, and what runs goes on', async () => {
  const before = await uids();
  const credentialId = await give(SECOND_READER);
  await installation.graphql('mutation ($id: ID!) { deleteRegistryCredential(id: $id) { id } }', { id: credentialId });
  await installation.eventually(pullSecrets, ([secret]) => secret !== undefined && Object.keys(opened(secret) as object).length === 0);
  await installation.idle();
  expect(await uids()).toEqual(before);
  await redeploy();
  const { latestDeployment } = await installation.until(id, (seen) => seen.latestDeployment.state === 'FAILED' && seen.status === 'RUNNING');
  expect(latestDeployment.reason).toMatchObject({ code: 'IMAGE_UNAUTHORIZED' });
});

test('it goes with its service', async () => {
  await installation.graphql('mutation ($id: ID!) { deleteService(id: $id) { id } }', { id });
  await installation.eventually(pullSecrets, (left) => left.length === 0, 60);
});
