import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execInPod } from '../../src/orchestrator/kubernetes/pod-exec.js';
import { underLoad } from '../faults/steady-load.js';
import { ClusterInstallation, type SeenService } from './cluster-installation.js';

const OURS = /^(OWN|FIRST|SECOND|BOTH|ALL)=/;
const REQUESTS_A_SECOND = 20;

let installation: ClusterInstallation;
let id: string;
let url: string;
const groups: Record<string, string> = {};

beforeAll(async () => {
  installation = await ClusterInstallation.start();
  for (const [name, variables] of Object.entries({ first: { FIRST: 'of first', BOTH: 'of first', ALL: 'of first' }, second: { SECOND: 'of second', BOTH: 'of second', ALL: 'of second' } })) {
    const { createEnvGroup } = await installation.graphql<{ createEnvGroup: { id: string } }>('mutation ($input: CreateEnvGroupInput!) { createEnvGroup(input: $input) { id } }', { input: { name, variables } });
    groups[name] = createEnvGroup.id;
  }
  id = await installation.deploy({ name: 'web', image: 'nginx:alpine', containerPort: 80, public: true, replicas: 2, env: { OWN: 'own', ALL: 'own' } });
  url = (await installation.until(id, ({ status }) => status === 'RUNNING', 60)).url!;
});
afterAll(() => installation.stop());

const pods = async () => (await installation.pods(id)).filter(({ metadata }) => !metadata.deletionTimestamp);
const uids = async () => (await pods()).map(({ metadata }) => metadata.uid).sort();

/** The variables that each pod's own program finds. */
async function seen(): Promise<Record<string, string>[]> {
  return Promise.all(
    (await pods()).map(async ({ metadata }) => {
      let text = '';
      const end = await execInPod(installation.kube, { namespace: metadata.namespace!, pod: metadata.name, container: 'app', command: ['env'], input: [], signal: AbortSignal.timeout(20_000) }, (chunk) => void (text += chunk.toString()));
      expect(end).toMatchObject({ exitCode: 0 });
      return Object.fromEntries(text.split('\n').filter((line) => OURS.test(line)).map((line) => line.split('=') as [string, string]));
    }),
  );
}

/** A change of the service's variables, with visitors at its address all the while. */
async function rolledOut(change: () => Promise<unknown>): Promise<void> {
  const before = await uids();
  const moved = ({ status, latestDeployment, currentDeployment }: SeenService) => status === 'RUNNING' && latestDeployment.id === currentDeployment?.id && latestDeployment.state === 'LIVE';
  const { sent, failed } = await underLoad(url, REQUESTS_A_SECOND, async () => {
    await change();
    const { latestDeployment } = await installation.service(id);
    await installation.until(id, (service) => moved(service) && service.latestDeployment.id === latestDeployment.id, 90);
    await installation.eventually(pods, (list) => list.length === 2, 60);
  });
  expect([failed, sent > 0]).toEqual([{}, true]);
  expect((await uids()).filter((uid) => before.includes(uid))).toEqual([]);
}

const attach = (name: string) => installation.graphql('mutation ($id: ID!, $group: ID!) { attachEnvGroup(serviceId: $id, groupId: $group) { id } }', { id, group: groups[name] });

test('what is attached is in the pods of the new rollout, and who visits meanwhile is served', async () => {
  expect(await seen()).toEqual([{ OWN: 'own', ALL: 'own' }, { OWN: 'own', ALL: 'own' }]);
  await rolledOut(() => attach('first'));
  const wanted = { OWN: 'own', ALL: 'own', FIRST: 'of first', BOTH: 'of first' };
  expect(await seen()).toEqual([wanted, wanted]);
}, 150_000);

test("a service's own variables win over a group's, and a later group over an earlier", async () => {
  await rolledOut(() => attach('second'));
  const wanted = { OWN: 'own', ALL: 'own', FIRST: 'of first', SECOND: 'of second', BOTH: 'of second' };
  expect(await seen()).toEqual([wanted, wanted]);
}, 150_000);

test('a changed group reaches no pod that runs, until a deployment takes it along', async () => {
  const before = await uids();
  const change = (input: object) => installation.graphql('mutation ($id: ID!, $input: UpdateEnvGroupInput!) { updateEnvGroup(id: $id, input: $input) { id } }', { id: groups['second'], input });
  await change({ variables: { SECOND: 'newer' } });
  await installation.idle();
  expect([await uids(), (await seen()).map(({ SECOND }) => SECOND)]).toEqual([before, ['of second', 'of second']]);
  await rolledOut(() => change({ variables: { BOTH: 'newer' }, redeploy: true }));
  expect((await seen()).map(({ SECOND, BOTH }) => [SECOND, BOTH])).toEqual([['newer', 'newer'], ['newer', 'newer']]);
}, 150_000);
