import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EMBEDDED_PLACE } from '../../../src/entities/built-image.js';
import { DEPLOY, GET, UPDATE } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

describe("a service's source", () => {
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  const deploy = (name: string, source: unknown) => api.run(ada.token, DEPLOY, { input: { name, image: 'nginx', source } });

  it('is given with a deploy, changed as a whole and taken away, without a new deployment', async () => {
    const { deployService: made } = (await deploy('followed', { repository: 'acme/web' })).data;
    expect(made.source).toEqual({ repository: 'acme/web', branch: 'main', path: null, autoDeploy: 'IMAGE' });
    const update = async (source: unknown) => (await api.run(ada.token, UPDATE, { id: made.id, input: { source } })).data.updateService;
    const changed = await update({ repository: 'Acme/web.site', branch: 'release/1.2', path: 'apps/web', autoDeploy: 'OFF' });
    expect(changed.source).toEqual({ repository: 'Acme/web.site', branch: 'release/1.2', path: 'apps/web', autoDeploy: 'OFF' });
    expect((await api.run(ada.token, UPDATE, { id: made.id, input: { replicas: 2 } })).data.updateService.source).toEqual(changed.source);
    expect((await update(null)).source).toBeNull();
    expect((await api.run(ada.token, GET, { id: made.id })).data.service).toMatchObject({ source: null, latestDeployment: { id: made.latestDeployment.id } });
  });

  it.each([
    ['repository', ['', 'web', 'acme/', '/web', 'acme/web/more', 'acme web', '-acme/web', 'acme/..', 'acme/.', 'acme/web.git', 'https://github.com/acme/web', 'git@github.com:acme/web', 'acme/web;id', 'acme/$(id)', 'acme/web\n', '../../etc/passwd', '--upload-pack=id/web', `a/${'b'.repeat(200)}`]],
    ['branch', ['', '-main', '--upload-pack=id', 'main..dev', 'ma in', 'main~1', 'main^', 'main:x', 'ma?n', 'ma*n', 'ma[in', 'ma\\in', 'main.lock', '/main', 'main/', 'a//b', 'main@{1}', '@', 'a/.b', 'main\u0000', 'main\n', 'refs/heads/main', 'x'.repeat(245)]],
    ['path', ['', '/etc', '..', 'a/../b', 'a/..', './a', 'a//b', 'a/', 'a\\b', 'a\u0000', 'a\nb', 'x'.repeat(1025)]],
    ['dockerfile', ['', '/etc/passwd', '../Dockerfile', 'a/../Dockerfile', 'a//b', 'a\\b', 'a\u0000', 'x'.repeat(1025)]],
    ['host', ['', 'Git.Example.com', 'a b', 'https://git.example.com', 'git.example.com/acme', 'user@git.example.com', '-x', 'git.example.com:999999', 'git.example.com:99999', 'a;id', '$(id)', 'x\n', 'x'.repeat(254)]],
    ['target', ['', '-x', 'a b', 'a;id', '--opt', 'x'.repeat(129)]],
  ])('refuses a %s that is none, and changes nothing', async (field, values) => {
    const before = await api.counts();
    for (const [n, value] of values.entries()) {
      const answer = await deploy(`refused-${n}`, { repository: 'acme/web', [field]: value });
      expect([value, answer.code, answer.faults?.[0]?.path]).toEqual([value, 'BAD_REQUEST', `source.${field}`]);
    }
    expect(await api.counts()).toEqual(before);
  });

  it('either has an image or is built, and what is given last holds', async () => {
    const run = (name: string, input: unknown) => api.run(ada.token, DEPLOY, { input: { name, ...(input as object) } });
    const build = { repository: 'acme/web', autoDeploy: 'BUILD', dockerfile: 'docker/web.Dockerfile', target: 'web', buildArgs: { A: '1' } };
    expect((await run('none', {})).faults).toEqual([{ path: 'image', message: 'is required, but where source.autoDeploy is BUILD' }]);
    expect((await run('both', { image: 'nginx', source: build })).faults).toEqual([{ path: 'image', message: expect.stringContaining('is made by the build') }]);
    expect((await run('unbuilt', { image: 'nginx', source: { ...build, autoDeploy: 'IMAGE' } })).faults).toEqual([{ path: 'source.autoDeploy', message: expect.stringContaining('must be BUILD') }]);
    const { deployService: made } = (await run('built', { source: build })).data;
    expect(made.image).toBe(`apex.local/teams/${made.teamId}/${made.id}`);
    const update = (input: unknown) => api.run(ada.token, UPDATE, { id: made.id, input });
    expect((await update({ source: null })).faults).toEqual([{ path: 'image', message: expect.stringContaining('is required') }]);
    expect((await update({ image: 'nginx' })).faults).toEqual([{ path: 'image', message: expect.stringContaining('is made by the build') }]);
    expect((await update({ source: null, image: 'nginx' })).data.updateService).toMatchObject({ image: 'nginx', source: null });
    const again = (await update({ source: build })).data.updateService;
    expect(again).toMatchObject({ image: made.image, source: { autoDeploy: 'BUILD' } });
    expect(again.latestDeployment.id).not.toBe(made.latestDeployment.id);
  });

  it('has secrets of its builds, apart from its variables: another one is another build', async () => {
    const source = { repository: 'acme/web', autoDeploy: 'BUILD' };
    expect((await api.run(ada.token, DEPLOY, { input: { name: 'idle', image: 'nginx', source: { repository: 'acme/web' }, buildSecrets: { KEY: 'canary' } } })).faults).toEqual([{ path: 'buildSecrets', message: expect.stringContaining('are for services whose source.autoDeploy is BUILD') }]);
    const { deployService: made } = (await api.run(ada.token, DEPLOY, { input: { name: 'secret', source, env: { KEY: 'while it runs' }, buildSecrets: { KEY: 'canary', OLD: 'canary' } } })).data;
    const looked = async (): Promise<any> => {
      const { service } = (await api.run(ada.token, 'query ($id: ID!) { service(id: $id) { buildSecrets effectiveVariables { key revision } latestDeployment { id build { id } } } }', { id: made.id })).data;
      const [{ request }] = await api.database.orm.em.fork().execute<[{ request: { secretIds?: string[] } }]>('select request from build where deployment_id = ?', [service.latestDeployment.id]);
      return { ...service, secretIds: request.secretIds };
    };
    const first = await looked();
    expect(first).toMatchObject({ buildSecrets: ['KEY', 'OLD'], effectiveVariables: [{ key: 'KEY', revision: 1 }] });
    await api.run(ada.token, UPDATE, { id: made.id, input: { buildSecrets: { KEY: 'canary', OLD: null } } });
    const second = await looked();
    expect(second).toMatchObject({ buildSecrets: ['KEY'], effectiveVariables: [{ key: 'KEY', revision: 1 }] });
    expect(second.latestDeployment.id).not.toBe(first.latestDeployment.id);
    expect(second.secretIds).toEqual(first.secretIds.slice(0, 1));
    await api.run(ada.token, UPDATE, { id: made.id, input: { buildSecrets: { KEY: 'another canary' } } });
    const third = await looked();
    expect(third.secretIds).toEqual([expect.not.stringMatching(second.secretIds[0])]);
    await api.run(ada.token, UPDATE, { id: made.id, input: { buildSecrets: { KEY: 'another canary' } } });
    expect(await looked()).toEqual(third);
  });

  it('goes on from where its image is, and is built into the registry of now', async () => {
    const { deployService: made } = (await api.run(ada.token, DEPLOY, { input: { name: 'moves', source: { repository: 'acme/web', autoDeploy: 'BUILD' } } })).data;
    const newest = async (mutation: string, variables: object): Promise<any> => {
      await api.run(ada.token, mutation, { id: made.id, ...variables });
      const [row] = await api.database.orm.em.fork().execute<[any]>('select deployment.image, deployment.spec, deployment.digest, build.id is not null as "isBuilt", service.image as "ofService" from service join deployment on deployment.id = latest_deployment_id left join build on build.deployment_id = deployment.id where service.id = ?', [made.id]);
      expect([row.spec.image, row.ofService]).toEqual([row.image, row.image]);
      return row;
    };
    const built = async (digest: string): Promise<void> => void (await api.database.orm.em.fork().execute(`update build set state = 'SUCCEEDED', digest = ? where service_id = ? and state = 'QUEUED'`, [digest, made.id]));
    const REDEPLOY = 'mutation ($id: ID!) { redeployService(id: $id) { id } }';
    const [before, after] = [`apex.local/teams/${made.teamId}/${made.id}`, `registry.example.com/apex/${made.teamId}/${made.id}`];
    await built('sha256:before');
    try {
      api.orchestrator.place = { registry: 'registry.example.com', path: 'apex' };
      expect(await newest(UPDATE, { input: { env: { A: '1' } } })).toMatchObject({ image: before, digest: 'sha256:before', isBuilt: false });
      expect(await newest(REDEPLOY, {})).toMatchObject({ image: after, digest: null, isBuilt: true });
      // It has not been built there yet, and what was built before lies elsewhere.
      expect(await newest(UPDATE, { input: { env: { A: '2' } } })).toMatchObject({ image: after, digest: null, isBuilt: true });
      await built('sha256:after');
      expect(await newest(UPDATE, { input: { env: { A: '3' } } })).toMatchObject({ image: after, digest: 'sha256:after', isBuilt: false });
    } finally {
      api.orchestrator.place = EMBEDDED_PLACE;
    }
  });

  it.each(['main', 'release/1.2', 'feature/ünï', 'a.b', "quote's", '$(id)', '100%'])('takes the branch %s as it is', async (branch) => {
    const name = `branch-${Buffer.from(branch).toString('hex').slice(0, 12)}`;
    expect((await deploy(name, { repository: 'acme/web', branch })).data.deployService.source.branch).toBe(branch);
  });
});
