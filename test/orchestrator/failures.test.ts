import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ClusterInstallation, type SeenService } from './cluster-installation.js';

let installation: ClusterInstallation;
beforeAll(async () => {
  installation = await ClusterInstallation.start({ APEX_DEPLOY_DEADLINE_SECONDS: '45' });
});
afterAll(() => installation.stop());

const failed = ({ latestDeployment }: SeenService): boolean => latestDeployment.state === 'FAILED';

test.concurrent.each([
  ['crash-loop', { image: 'busybox', command: ['sh', '-c', 'echo bye; exit 3'] }, 'CRASH_LOOP', 'exit code 3'],
  ['ends-by-itself', { image: 'busybox', command: ['true'] }, 'CRASH_LOOP', 'exit code 0'],
  ['out-of-memory', { image: 'busybox', command: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=200M'], resources: { memory: '32Mi' } }, 'OUT_OF_MEMORY', 'memory'],
  ['unschedulable', { image: 'busybox', command: ['sleep', '600'], resources: { cpu: '64' } }, 'UNSCHEDULABLE', 'cpu'],
  ['no-such-image', { image: 'apex.local/no-such-image:1' }, 'IMAGE_NOT_FOUND', 'does not exist'],
  ['registry-away', { image: 'registry.invalid/app:1' }, 'IMAGE_NOT_FOUND', 'cannot be pulled'],
  ['inward', { image: '127.0.0.1:6443/app:1' }, 'IMAGE_UNAUTHORIZED', 'internal address'],
  ['never-ready', { image: 'busybox', command: ['sleep', '600'], containerPort: 8080 }, 'READINESS_TIMEOUT', 'given up'],
])('%s fails with its reason, and nothing of it goes on running', async (name, input, code, sentence) => {
  const id = await installation.deploy({ name, ...input });
  const service = await installation.until(id, failed, 90);
  expect(service.latestDeployment.reason).toEqual({ code, message: expect.stringContaining(sentence) });
  expect(service.status).toBe('FAILED');
  expect(service.statusMessage).toBe(service.latestDeployment.reason!.message);
  await installation.eventually(() => installation.pods(id), (pods) => pods.every(({ metadata }) => metadata.deletionTimestamp !== undefined), 40);
  expect((await installation.objects('Deployment')).map(({ metadata }) => metadata.name)).not.toContain(name);
}, 150_000);
