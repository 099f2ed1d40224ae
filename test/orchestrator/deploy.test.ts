import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ClusterInstallation } from './cluster-installation.js';

let installation: ClusterInstallation;
beforeAll(async () => {
  installation = await ClusterInstallation.start();
});
afterAll(() => installation.stop());

const HELLO = { image: 'apex.local/hello', containerPort: 8080, public: true, replicas: 2, env: { GREETING: 'from a test' } };

test('a service becomes RUNNING and its address answers', async () => {
  const id = await installation.deploy({ name: 'web', ...HELLO });
  const service = await installation.until(id, ({ status }) => status === 'RUNNING');
  expect(service).toMatchObject({ readyReplicas: 2, statusMessage: null, latestDeployment: { state: 'LIVE', release: 1, reason: null } });
  expect(service.latestDeployment.digest).toMatch(/^sha256:[a-f0-9]{64}$/);
  expect((await installation.visit(service.url!)).status).toBe(200);
});
