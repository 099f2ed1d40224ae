import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEPLOY, GET, LIST, MY_SERVICE } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

describe('deployService', () => {
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  const deploy = (input: object) => api.run(ada.token, DEPLOY, { input });

  test('the documented example answers the service, queued, with the address that it will have', async () => {
    const { data } = await deploy(MY_SERVICE);
    expect(data.deployService).toMatchObject({
      teamId: ada.teamId,
      name: 'my-service',
      image: 'nginx:alpine',
      status: 'PENDING',
      replicas: 2,
      readyReplicas: 0,
      containerPort: 80,
      public: true,
      url: 'http://my-service.apex.localhost:8080',
      paused: false,
      command: null,
      healthCheck: null,
      resources: { cpu: '500m', memory: '256Mi' },
      environment: { name: 'production' },
      currentDeployment: null,
      latestDeployment: { state: 'QUEUED', trigger: 'API', image: 'nginx:alpine', release: null, reason: null, endedAt: null },
    });
    const { id } = data.deployService;
    expect((await api.run(ada.token, GET, { id })).data.service).toEqual(data.deployService);
    expect(await api.em.execute(`select data from pgboss.job`)).toEqual([{ data: { key: `service/${id}` } }]);
  });

  test('what is left out has the documented defaults', async () => {
    const { data } = await deploy({ name: 'worker', image: `ghcr.io/owner/app@sha256:${'a'.repeat(64)}` });
    expect(data.deployService).toMatchObject({ replicas: 1, public: false, containerPort: null, url: null });
  });

  test('all fields are kept as they were given', async () => {
    const fields = {
      command: ['/bin/sh', '-c'],
      args: ['exec app --port "$PORT"'],
      healthCheck: { path: '/healthz?full=1', intervalSeconds: 7, timeoutSeconds: 3 },
      resources: { cpu: '1.5', memory: '1Gi' },
    };
    const { data } = await deploy({ name: 'whole', image: 'localhost:5000/a/b:v1', containerPort: 65535, replicas: 0, ...fields });
    expect(data.deployService).toMatchObject({ ...fields, containerPort: 65535, replicas: 0 });
  });

  test.each([
    ['name', { name: 'My-Service' }],
    ['name', { name: 'a'.repeat(51) }],
    ['name', { name: 'web-' }],
    ['name', { name: '1web' }],
    ['name', { name: 'web; rm -rf /' }],
    ['name', { name: 'web\n' }],
    ['name', { name: '' }],
    ['image', { image: 'UPPER:tag' }],
    ['image', { image: 'nginx alpine' }],
    ['image', { image: 'https://ghcr.io/owner/app' }],
    ['image', { image: 'nginx:$(id)' }],
    ['image', { image: 'nginx@sha256:short' }],
    ['image', { image: '' }],
    ['containerPort', { containerPort: 0 }],
    ['containerPort', { containerPort: 65536 }],
    ['containerPort', { containerPort: '80' }],
    ['containerPort', { containerPort: 80.5 }],
    ['replicas', { replicas: -1 }],
    ['replicas', { replicas: 101 }],
    ['public', { public: 'yes' }],
    ['public', { containerPort: null, public: true }],
    ['env', { env: ['A=1'] }],
    ['env', { env: 'A=1' }],
    ['env.1BAD', { env: { '1BAD': 'x' } }],
    ['env.MY-VAR', { env: { 'MY-VAR': 'x' } }],
    ['env.PORT', { env: { PORT: 80 } }],
    ['env.GONE', { env: { GONE: null } }],
    ['env.BIG', { env: { BIG: 'x'.repeat(64 * 1024 + 1) } }],
    ['env.NUL', { env: { NUL: 'a\0b' } }],
    ['command', { command: [] }],
    ['args.1', { args: ['fine', 'x'.repeat(4097)] }],
    ['healthCheck', { containerPort: null, public: false, healthCheck: { path: '/' } }],
    ['healthCheck.path', { healthCheck: { path: 'healthz' } }],
    ['healthCheck.path', { healthCheck: { path: '/a b' } }],
    ['healthCheck.path', { healthCheck: {} }],
    ['healthCheck.intervalSeconds', { healthCheck: { path: '/', intervalSeconds: 0 } }],
    ['healthCheck.timeoutSeconds', { healthCheck: { path: '/', intervalSeconds: 2, timeoutSeconds: 3 } }],
    ['resources.cpu', { resources: { cpu: 'lots' } }],
    ['resources.cpu', { resources: { cpu: '65' } }],
    ['resources.memory', { resources: { memory: '1Ti' } }],
    ['resources.memory', { resources: { memory: '-1Gi' } }],
    ['resources.gpu', { resources: { gpu: '1' } }],
    ['environment', { environment: 'nowhere' }],
    ['colour', { colour: 'blue' }],
  ])('a fault of %s is named and nothing is written: %j', async (path, change) => {
    const before = await api.counts();
    const { code, faults, data } = await deploy({ ...MY_SERVICE, name: 'faulty', ...change });
    expect(data?.deployService ?? null).toBeNull();
    expect(code).toBe('BAD_REQUEST');
    expect(faults?.map((fault) => fault.path)).toEqual([path]);
    expect(await api.counts()).toEqual(before);
  });

  test('all faults are told at once, and what is missing too', async () => {
    const { faults } = await deploy({ name: 'X', image: 'Y', replicas: 1000, env: { '1': 'a', '2': 'b' } });
    expect(faults?.map((fault) => fault.path).sort()).toEqual(['env.1', 'env.2', 'image', 'name', 'replicas']);
    expect((await deploy({})).faults).toEqual([{ path: 'name', message: 'is required' }]);
    expect((await deploy({ name: 'web' })).faults).toEqual([{ path: 'image', message: expect.stringMatching(/^is required/) }]);
  });

  test('a refusal never quotes a value', async () => {
    const secret = 'canary-3f9a';
    for (const change of [{ env: { '1BAD': secret } }, { env: { OK: [secret] } }, { env: { SECRET: secret }, colour: 'blue' }, { env: secret }, { env: { SECRET: secret }, replicas: 'two' }]) {
      const answer = await deploy({ ...MY_SERVICE, name: 'faulty', ...change });
      expect(answer.code).toBe('BAD_REQUEST');
      expect(answer.text).not.toContain(secret);
    }
  });

  test('a name that is taken is refused in its environment, also when two come at once', async () => {
    expect((await deploy({ ...MY_SERVICE, name: 'my-service' })).faults).toEqual([{ path: 'name', message: 'is already taken in this environment' }]);
    const answers = await Promise.all(Array.from({ length: 4 }, () => deploy({ ...MY_SERVICE, name: 'race' })));
    expect(answers.map(({ code }) => code ?? 'made').sort()).toEqual(['BAD_REQUEST', 'BAD_REQUEST', 'BAD_REQUEST', 'made']);
  });

  test("another team's service of the same name gets a host of its own", async () => {
    const bob = await api.account('Bob');
    const { data } = await api.run(bob.token, DEPLOY, { input: MY_SERVICE });
    expect(data.deployService.url).toMatch(/^http:\/\/my-service-[a-z0-9]{4}\.apex\.localhost:8080$/);
  });

  test('variables are sealed, and come out of the vault only', async () => {
    const secret = 'canary-value-81c2';
    const { data, text } = await deploy({ ...MY_SERVICE, name: 'sealed', env: { API_KEY: secret } });
    expect(text).not.toContain(secret);
    const rows = await api.em.execute<any[]>('select variable.*, service.team_id from variable join service on service.id = service_id where service.name = ?', ['sealed']);
    expect(rows.map(({ key, kind, revision }) => ({ key, kind, revision }))).toEqual([{ key: 'API_KEY', kind: 'SECRET', revision: 1 }]);
    const [{ id, team_id, sealed_value }] = rows;
    expect(await api.vault.open(api.em, team_id, id, sealed_value)).toBe(secret);
    const [deployment] = await api.em.execute<any[]>('select variable_ids from deployment where id = ?', [data.deployService.latestDeployment.id]);
    expect(deployment.variable_ids).toEqual([id]);
  });

  test.each([
    [{ kind: 'none' as const }, 'No Kubernetes cluster is configured. Set KUBECONFIG, or start with "./apex up" and without "--no-cluster".'],
    [{ kind: 'building' as const, percent: 60, message: 'Compiling Kubernetes', since: new Date() }, 'The cluster is being built, 60 %: Compiling Kubernetes'],
  ])('without a cluster it is refused before anything is written: %j', async (state, sentence) => {
    const before = await api.counts();
    const ready = api.orchestrator.state;
    api.orchestrator.state = state;
    try {
      expect(await deploy({ ...MY_SERVICE, name: 'nowhere' })).toMatchObject({ code: 'CLUSTER_REQUIRED', message: sentence });
      expect((await deploy({ ...MY_SERVICE, replicas: 1000 })).code).toBe('BAD_REQUEST');
      expect((await api.run(ada.token, LIST)).data.services.nodes.length).toBeGreaterThan(0);
    } finally {
      api.orchestrator.state = ready;
    }
    expect(await api.counts()).toEqual(before);
  });
});
