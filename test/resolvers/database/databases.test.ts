import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CONNECTION, CREATE_DATABASE, CREATE_ENVIRONMENT, DATABASE_OF, DATABASES, DELETE_DATABASE, DELETE_ENVIRONMENT, DEPLOY, LINK_DATABASE, MY_POSTGRES, MY_SERVICE, PAUSE_DATABASE,
  RESIZE_DATABASE, ROTATE_DATABASE, UNDELETE_DATABASE, UPDATE,
} from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

describe('databases', () => {
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    api = await TestApi.start({ APEX_DATABASE_SIZES: { xlarge: { cpu: '8', memory: '32Gi', storage: '500Gi' } } });
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  const run = (text: string, variables: Record<string, unknown> = {}) => api.run(ada.token, text, variables);
  const create = async (input: Record<string, unknown>): Promise<any> => (await run(CREATE_DATABASE, { input })).data.createDatabase;
  const setStatus = (id: string, status: string) => api.em.execute('update managed_database set status = ? where id = ?', [status, id], 'run');
  const wakeUps = async (key: string): Promise<number> => Number((await api.em.execute<[{ count: string }]>(`select count(*) from pgboss.job where singleton_key = ?`, [key]))[0].count);

  test('the documented body makes one, and wakes the reconciler', async () => {
    const made = await create(MY_POSTGRES);
    expect(made).toEqual({
      id: expect.any(String), teamId: ada.teamId, name: 'my-postgres', type: 'postgres', version: '15', size: 'small', status: 'PROVISIONING', statusMessage: null, storage: '5Gi', paused: false,
      resources: { cpu: '500m', memory: '512Mi' }, environment: { id: expect.any(String), name: 'production' }, createdAt: expect.any(String), deletedAt: null, purgeAt: null,
    });
    expect((await run(DATABASE_OF, { id: made.id })).data.database).toEqual(made);
    expect((await run(DATABASES)).data.databases.nodes).toEqual([made]);
    expect((await run(DATABASES, { environment: 'elsewhere' })).data.databases.nodes).toEqual([]);
    expect(await wakeUps(`database/${made.id}`)).toBe(1);
  });

  test('a size is what the operator says', async () => {
    expect(await create({ name: 'operators', type: 'redis', size: 'xlarge' })).toMatchObject({ size: 'xlarge', resources: { cpu: '8', memory: '32Gi' }, storage: '500Gi' });
    const { id } = await create({ name: 'ours', type: 'redis', size: 'large' });
    expect((await run(RESIZE_DATABASE, { id, input: { size: 'xlarge' } })).data.resizeDatabase).toMatchObject({ size: 'xlarge', storage: '500Gi' });
  });

  test('faults of the input are told, and change nothing', async () => {
    const before = await api.counts();
    const faults = async (input: Record<string, unknown>) => (await run(CREATE_DATABASE, { input })).faults;
    expect(await faults({ name: 'No', type: 'oracle', size: 'huge', storage: '1' })).toEqual([
      { path: 'name', message: expect.stringContaining('DNS label') },
      { path: 'type', message: 'must be one of postgres, mysql, mariadb, redis, mongodb' },
      { path: 'size', message: 'must be one of small, medium, large, xlarge' },
      { path: 'storage', message: expect.stringContaining('from 256Mi') },
    ]);
    expect(await faults({ name: 'old', type: 'postgres', version: '8' })).toEqual([{ path: 'version', message: 'must be one of 14, 15, 16, 17 for postgres' }]);
    expect(await faults({ name: 'lost', type: 'redis', environment: 'nowhere' })).toEqual([{ path: 'environment', message: expect.stringContaining('does not exist') }]);
    expect(await api.counts()).toEqual(before);
  });

  test('without a cluster it is a 503, and nothing is written', async () => {
    const { state } = api.orchestrator;
    api.orchestrator.state = { kind: 'none' };
    const before = await api.counts();
    expect((await run(CREATE_DATABASE, { input: { name: 'late', type: 'redis' } })).code).toBe('CLUSTER_REQUIRED');
    expect(await api.counts()).toEqual(before);
    api.orchestrator.state = state;
  });

  test('services and databases of an environment share their names', async () => {
    await create({ name: 'shared', type: 'redis' });
    const taken = [{ path: 'name', message: expect.stringContaining('already taken in this environment') }];
    expect((await run(DEPLOY, { input: { ...MY_SERVICE, name: 'shared' } })).faults).toEqual(taken);
    expect((await run(CREATE_DATABASE, { input: { name: 'shared', type: 'redis' } })).faults).toEqual(taken);
    await run(DEPLOY, { input: { ...MY_SERVICE, name: 'first-a-service' } });
    expect((await run(CREATE_DATABASE, { input: { name: 'first-a-service', type: 'redis' } })).faults).toEqual(taken);
    const together = await Promise.all([run(DEPLOY, { input: { ...MY_SERVICE, name: 'at-once' } }), run(CREATE_DATABASE, { input: { name: 'at-once', type: 'redis' } })]);
    expect(together.map(({ code }) => code).sort()).toEqual(['BAD_REQUEST', undefined]);
    await run(CREATE_ENVIRONMENT, { input: { name: 'other' } });
    expect((await create({ name: 'shared', type: 'redis', environment: 'other' })).environment.name).toBe('other');
  });

  test('credentials are shown by the connection, and stand nowhere in the rows', async () => {
    const { id } = await create({ name: 'secretive', type: 'mariadb' });
    const { databaseConnection: connection } = (await run(CONNECTION, { id })).data;
    expect(connection).toEqual({ databaseId: id, host: 'secretive', port: 3306, username: 'app', password: expect.stringMatching(/^[0-9a-f]{48}$/), database: 'app', url: `mysql://app:${connection.password}@secretive:3306/app` });
    expect(JSON.stringify(await api.em.execute('select * from managed_database'))).not.toContain(connection.password);
    const { team } = (await run('query ($id: ID!) { team(id: $id) { auditLog(first: 1, filter: { action: "databaseConnection" }) { nodes { action targetId } } } }', { id: ada.teamId })).data;
    expect(team.auditLog.nodes).toEqual([{ action: 'databaseConnection', targetId: id }]);
    expect(JSON.stringify(await api.em.execute('select * from audit_event'))).not.toContain(connection.password);
    const { id: cache } = await create({ name: 'cache', type: 'redis' });
    expect((await run(CONNECTION, { id: cache })).data.databaseConnection).toMatchObject({ username: 'default', database: null, url: expect.stringMatching(/^redis:\/\/default:[0-9a-f]{48}@cache:6379\/0$/) });
  });

  test('a linked one is looked up at each deployment, and is not deleted', async () => {
    const { id } = await create({ name: 'linked', type: 'postgres' });
    const { deployService: service } = (await run(DEPLOY, { input: { ...MY_SERVICE, name: 'web', env: { DATABASE_URL: 'by hand' } } })).data;
    const link = async (as?: string) => (await run(LINK_DATABASE, { serviceId: service.id, databaseId: id, ...(as && { as }) })).data.linkDatabase.latestDeployment.id as string;
    const first = await link();
    expect(first).not.toBe(service.latestDeployment.id);
    expect(await link()).toBe(first);
    expect(await link('REPORTS_URL')).not.toBe(first);
    expect((await run(LINK_DATABASE, { serviceId: service.id, databaseId: id, as: '1ST' })).faults).toEqual([{ path: 'as', message: expect.stringContaining('must be a name') }]);
    expect((await run(DELETE_DATABASE, { id })).message).toBe('The database "linked" is linked to the services "web" (DATABASE_URL), "web" (REPORTS_URL): take those variables away first.');

    expect((await run(UPDATE, { id: service.id, input: { env: { DATABASE_URL: null, REPORTS_URL: 'by hand again' } } })).code).toBeUndefined();
    expect((await run(DELETE_DATABASE, { id })).data.deleteDatabase).toMatchObject({ status: 'DELETED' });
    expect((await run(LINK_DATABASE, { serviceId: service.id, databaseId: id })).code).toBe('BAD_REQUEST');
  });

  test('one of another environment is not linked', async () => {
    await run(CREATE_ENVIRONMENT, { input: { name: 'staging' } });
    const { id } = await create({ name: 'apart', type: 'postgres', environment: 'staging' });
    const { deployService: service } = (await run(DEPLOY, { input: { ...MY_SERVICE, name: 'alone' } })).data;
    expect((await run(LINK_DATABASE, { serviceId: service.id, databaseId: id })).faults).toEqual([{ path: 'databaseId', message: expect.stringContaining('environment') }]);
    const { data } = await run('query { environments { id name } }');
    const staging = data.environments.find(({ name }: any) => name === 'staging').id;
    expect((await run(DELETE_ENVIRONMENT, { id: staging })).message).toContain('still has a database');
  });

  test('what changes it is UPDATING until the reconciler has seen to it', async () => {
    const { id } = await create({ name: 'changing', type: 'postgres' });
    expect((await run(PAUSE_DATABASE, { id, pause: true })).data.pauseDatabase).toMatchObject({ status: 'PROVISIONING', paused: true });
    await setStatus(id, 'PAUSED');
    expect((await run(ROTATE_DATABASE, { id })).message).toContain('is paused');
    expect((await run(PAUSE_DATABASE, { id, pause: false })).data.pauseDatabase).toMatchObject({ status: 'UPDATING', paused: false });
    await setStatus(id, 'AVAILABLE');
    expect((await run(RESIZE_DATABASE, { id, input: { size: 'medium' } })).data.resizeDatabase).toMatchObject({ status: 'UPDATING', statusMessage: 'Its storage grows to 20Gi: the database is stopped until that is done.', size: 'medium', storage: '20Gi', resources: { cpu: '1', memory: '2Gi' } });
    expect((await run(RESIZE_DATABASE, { id, input: { storage: '10Gi' } })).faults).toEqual([{ path: 'storage', message: 'must not be less than 20Gi: storage only grows' }]);
    expect((await run(RESIZE_DATABASE, { id, input: { size: 'small' } })).data.resizeDatabase).toMatchObject({ statusMessage: 'The database restarts with its new CPU and memory.', size: 'small', storage: '20Gi', resources: { cpu: '500m', memory: '512Mi' } });
    expect((await run(ROTATE_DATABASE, { id })).code).toBeUndefined();
    expect((await run(ROTATE_DATABASE, { id })).message).toContain('already being rotated');
  });

  test('a deleted one is kept for 7 days with its name, or is forced away by name', async () => {
    const { id } = await create({ name: 'kept', type: 'postgres' });
    const { deleteDatabase: deleted } = (await run(DELETE_DATABASE, { id })).data;
    expect(Date.parse(deleted.purgeAt) - Date.parse(deleted.deletedAt)).toBe(7 * 86_400_000);
    expect((await run(CREATE_DATABASE, { input: { name: 'kept', type: 'postgres' } })).code).toBe('BAD_REQUEST');
    expect((await run(PAUSE_DATABASE, { id, pause: true })).message).toContain('is deleted');
    expect((await run(UNDELETE_DATABASE, { id })).data.undeleteDatabase).toMatchObject({ status: 'UPDATING', deletedAt: null, purgeAt: null });
    expect((await run(DELETE_DATABASE, { id, force: 'Kept' })).message).toContain('must be its name');
    const { deleteDatabase: forced } = (await run(DELETE_DATABASE, { id, force: 'kept' })).data;
    expect(Date.parse(forced.purgeAt)).toBeLessThanOrEqual(Date.now());
    expect((await run(UNDELETE_DATABASE, { id })).message).toContain('is gone');
  });

  test('one that has content is deleted once its final backup is made, and stays where there can be none', async () => {
    const { id } = await create({ name: 'full-of-rows', type: 'postgres' });
    const seen = (changes: string) => api.em.execute(`update managed_database set observed_generation = generation, ${changes} where id = ?`, [id], 'run');
    await seen("paused = true, status = 'PAUSED'");
    expect((await run(DELETE_DATABASE, { id })).message).toMatch(/is paused: resume it first\. Or delete it without a final backup \(finalBackup: false\)/);
    await seen("paused = false, status = 'FAILED'");
    expect((await run(DELETE_DATABASE, { id })).message).toMatch(/has failed and cannot be backed up\. Or delete it without/);
    await seen("status = 'AVAILABLE'");

    const { deleteDatabase: waiting } = (await run(DELETE_DATABASE, { id })).data;
    expect(waiting).toMatchObject({ status: 'AVAILABLE', deletedAt: null, finalBackupId: expect.any(String), lastBackup: { id: waiting.finalBackupId, state: 'RUNNING', trigger: 'FINAL', message: null } });
    expect((await run(DELETE_DATABASE, { id })).data.deleteDatabase).toEqual(waiting);
    expect((await run(PAUSE_DATABASE, { id, pause: true })).message).toContain('is being deleted, once its final backup is made');
    expect((await run(UNDELETE_DATABASE, { id })).data.undeleteDatabase).toMatchObject({ status: 'AVAILABLE', deletedAt: null });
    expect((await run(DELETE_DATABASE, { id })).message).toMatch(/A backup of the database "full-of-rows" is being made.* Or delete it without/);
    expect((await run(DELETE_DATABASE, { id, finalBackup: false })).data.deleteDatabase).toMatchObject({ status: 'DELETED', purgeAt: expect.any(String), finalBackupId: null });
  });
});
