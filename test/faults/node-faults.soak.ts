import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pushHello } from '../acceptance/hello-image.js';
import { until } from '../acceptance/rest-client.js';
import { assertInvariants } from './invariants.js';
import { Installation, type ServerProcess } from './server-process.js';
import { underLoad } from './steady-load.js';

const NODE_DIR = process.env.APEX_NODE_DIR ?? '/var/lib/apex-node';
const STOPPED_MS = 20_000;
const PER_SECOND = 50;

let installation: Installation;
let server: ServerProcess;
let web: { id: string; url: string };
const stopped = new Set<number>();
let full: string | null = null;

beforeAll(async () => {
  installation = await Installation.make();
  server = await installation.server({ APEX_DEPLOY_DEADLINE_SECONDS: '180' });
  const { body } = await server.rest.post('/api/deploy', { name: 'web', image: 'apex.local/hello', containerPort: 8080, public: true, replicas: 2 });
  await until('it runs', () => server.rest.get(`/api/services/${body.id}`), (answer) => answer.body.status === 'RUNNING', 90);
  web = body;
}, 180_000);
afterAll(async () => {
  for (const pid of stopped) process.kill(pid, 'SIGCONT');
  makeRoom();
  await installation?.remove();
}, 120_000);

/** Of the embedded node, as its supervisor has it. "kubernetes" is the API server, the controllers, the scheduler and the kubelet in one. */
function pidOf(name: 'kubernetes' | 'containerd'): number {
  const { processes } = JSON.parse(readFileSync('/run/apex-node/processes.json', 'utf8')) as { processes: { name: string; pid: number }[] };
  return processes.find((one) => one.name === name)!.pid;
}

async function stopFor(name: 'kubernetes' | 'containerd', ms: number): Promise<void> {
  const pid = pidOf(name);
  stopped.add(pid);
  process.kill(pid, 'SIGSTOP');
  await pause(ms);
  process.kill(pid, 'SIGCONT');
  stopped.delete(pid);
}

/** No write of an image that is pulled finds room any more. */
function fillDisk(): void {
  full = join(NODE_DIR, 'containerd', 'io.containerd.content.v1.content', 'ingest');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', full]);
}

function makeRoom(): void {
  if (full) execFileSync('umount', [full]);
  full = null;
}

async function noVisitorNotices(work: () => Promise<void>): Promise<void> {
  const result = await underLoad(web.url, PER_SECOND, work);
  process.stderr.write(`${JSON.stringify({ test: expect.getState().currentTestName, ...result })}\n`);
  expect(result.failed).toEqual({});
  await assertInvariants(installation);
}

/** A redeploy is on its way while `fault` happens: it becomes live, and no visitor notices. */
async function unnoticed(fault: () => Promise<void>): Promise<void> {
  await noVisitorNotices(async () => {
    const { status, body } = await server.rest.post(`/api/services/${web.id}/redeploy`);
    expect(status).toBe(200);
    await fault();
    await server.ready();
    expect(await server.rest.endOfDeployment(body.latestDeployment.id, 200)).toMatchObject({ state: 'LIVE' });
    await until('it runs', () => server.rest.get(`/api/services/${web.id}`), (answer) => answer.body.status === 'RUNNING', 90);
  });
}

test('the kubelet, with the API server, stands still for 20 s', () => unnoticed(() => stopFor('kubernetes', STOPPED_MS)), 400_000);

test('the kubelet, with the API server, is killed and started again', () => unnoticed(async () => {
  const pid = pidOf('kubernetes');
  process.kill(pid, 'SIGKILL');
  await until('it is started again', async () => pidOf('kubernetes'), (now) => now !== pid, 60);
}), 400_000);

test('the container runtime stands still for 20 s', () => unnoticed(() => stopFor('containerd', STOPPED_MS)), 400_000);

test('the disk of the node is full for images: the deploy says so and waits, what runs goes on, and with room it becomes live', async () => {
  const image = `apex.local/full-${await installation.id()}:1`;
  // Of this run alone: content that an earlier one has left would not be written again.
  await pushHello(image, [`FULL=${await installation.id()}`]);
  await noVisitorNotices(async () => {
    fillDisk();
    const { body } = await server.rest.patch(`/api/services/${web.id}`, { image });
    const message = (deployment: any): string => deployment.steps.at(-1)?.message ?? '';
    const told = await until('it says that the disk is full', () => server.rest.get(`/api/deployments/${body.latestDeployment.id}`), (answer) => message(answer.body).includes('disk of the node is full'), 90);
    expect(told.body).toMatchObject({ state: 'ROLLING_OUT', endedAt: null });
    makeRoom();
    expect(await server.rest.endOfDeployment(body.latestDeployment.id, 200)).toMatchObject({ state: 'LIVE' });
  });
}, 400_000);
