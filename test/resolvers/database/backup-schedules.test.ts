import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CREATE_DATABASE, MY_POSTGRES } from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

const FIELDS = 'databaseId cron timeZone keepCount keepDays nextAt trouble';
const SET = `mutation ($id: ID!, $input: BackupScheduleInput!) { setBackupSchedule(databaseId: $id, input: $input) { ${FIELDS} } }`;
const END = `mutation ($id: ID!) { deleteBackupSchedule(databaseId: $id) { ${FIELDS} } }`;
const SCHEDULE = `query ($id: ID!) { backupSchedule(databaseId: $id) { ${FIELDS} } }`;
const BACKUPS = 'query ($id: ID!) { backups(databaseId: $id) { nodes { id state trigger } } }';
const BEGIN = 'mutation ($id: ID!) { createBackup(databaseId: $id) { id trigger } }';

describe('schedules of backups', () => {
  let api: TestApi;
  let ada: TestAccount;
  let id: string;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    id = (await run(CREATE_DATABASE, { input: MY_POSTGRES })).data.createDatabase.id;
  });
  afterAll(() => api.stop());

  const run = (text: string, variables: Record<string, unknown>) => api.run(ada.token, text, variables);
  const sql = (text: string, values: unknown[] = []) => api.em.execute(text, values, 'run');
  const setStatus = (status: string) => sql('update managed_database set status = ? where id = ?', [status, id]);
  const clock = async (): Promise<number> => (await api.runAs({ kind: 'system', name: 'schedule' }, 'mutation { runBackupSchedules }')).data.runBackupSchedules;
  const due = () => sql("update backup_schedule set next_at = now() - interval '3 days'");
  const end = (state: string, daysOld: number) => sql(`update backup set state = ?, message = ?, created_at = now() - make_interval(days => ?) where state = 'RUNNING'`, [state, state === 'FAILED' ? 'The engine was away.' : null, daysOld]);
  const backups = async (): Promise<any[]> => (await run(BACKUPS, { id })).data.backups.nodes;
  const schedule = async (): Promise<any> => (await run(SCHEDULE, { id })).data.backupSchedule;

  test('a schedule is in its own time zone, and a new one takes its place', async () => {
    expect(await schedule()).toBeNull();
    const made = (await run(SET, { id, input: { cron: ' 30 3 * * * ', timeZone: 'Asia/Kolkata', keepCount: 3 } })).data.setBackupSchedule;
    expect(made).toEqual({ databaseId: id, cron: '30 3 * * *', timeZone: 'Asia/Kolkata', keepCount: 3, keepDays: null, nextAt: expect.stringMatching(/T22:00:00\.000Z$/), trouble: null });
    expect(Date.parse(made.nextAt)).toBeGreaterThan(Date.now());
    expect(await schedule()).toEqual(made);
    expect((await run(SET, { id, input: { cron: '0 0 * * 0' } })).data.setBackupSchedule).toMatchObject({ cron: '0 0 * * 0', timeZone: 'UTC', keepCount: 7 });
    expect(await sql('select 1 from backup_schedule')).toMatchObject({ affectedRows: 1 });
  });

  test.each([
    [{ cron: '61 3 * * *' }, 'cron', /five fields/], [{ cron: '* * * * * *' }, 'cron', /five fields/], [{ cron: '0 0 30 2 *' }, 'cron', /comes true/], [{ cron: '*/5 * * * *' }, 'cron', /15 minutes/],
    [{ cron: '0 3 * * *', timeZone: 'Mars/Olympus' }, 'timeZone', /time zone database/], [{ cron: '0 3 * * *', keepCount: 0 }, 'keepCount', /from 1 to 1000/], [{ cron: '0 3 * * *', keepDays: 0 }, 'keepDays', /from 1 to 3650/],
  ])('%j is refused, and says why', async (input, path, message) => {
    expect((await run(SET, { id, input })).faults).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  test('what is due begins once, however long no server ran; what cannot begin is told', async () => {
    await run(SET, { id, input: { cron: '0 3 * * *', keepCount: 2, keepDays: 10 } });
    expect(await clock()).toBe(0);
    await due();
    expect(await clock()).toBe(0);
    expect(await schedule()).toMatchObject({ trouble: expect.stringMatching(/left out.*PROVISIONING/) });
    await setStatus('AVAILABLE');
    await due();
    expect((await Promise.all([clock(), clock(), clock()])).sort()).toEqual([0, 0, 1]);
    const { nextAt, trouble } = await schedule();
    expect([Date.parse(nextAt) > Date.now(), trouble]).toEqual([true, null]);
    expect(await backups()).toEqual([{ id: expect.any(String), state: 'RUNNING', trigger: 'SCHEDULE' }]);
    await due();
    expect(await clock()).toBe(0);
    expect(await schedule()).toMatchObject({ trouble: expect.stringMatching(/left out.*is being made/) });
    await end('FAILED', 0);
    await due();
    expect(await clock()).toBe(1);
    expect(await schedule()).toMatchObject({ trouble: expect.stringMatching(/failed\. The engine was away\.$/) });
    await end('DONE', 20);
  });

  test('as many as are to be kept are kept, the newest whole one always; those that were asked for are not counted', async () => {
    const { id: asked } = (await run(BEGIN, { id })).data.createBackup;
    await end('DONE', 30);
    const kept = async (): Promise<string[]> => (await backups()).filter(({ state, trigger }) => state === 'DONE' && trigger === 'SCHEDULE').map((one) => one.id);
    const [old] = await kept();
    await due();
    expect(await clock()).toBe(1);
    expect(await kept()).toEqual([old]);
    await end('DONE', 5);
    const [younger] = await kept();
    await due();
    expect(await clock()).toBe(1);
    expect(await kept()).toEqual([younger]);
    expect((await backups()).map((one) => one.id)).toContain(asked);
    const woken = await api.em.execute<{ key: string }[]>('select singleton_key as key from pgboss.job where singleton_key = ?', [`backup/${old}`]);
    // To be made, and to be removed.
    expect(woken.length).toBe(2);
  });

  test('none is kept that is older than its days, however few there are, but for the newest', async () => {
    await run(SET, { id, input: { cron: '0 3 * * *', keepCount: 100, keepDays: 10 } });
    const kept = async (): Promise<string[]> => (await backups()).filter(({ state, trigger }) => state === 'DONE' && trigger === 'SCHEDULE').map((one) => one.id);
    const older = (days: number) => sql('update backup set created_at = created_at - make_interval(days => ?)', [days]);
    const [fiveDays] = await kept();
    await end('DONE', 9);
    await due();
    expect(await clock()).toBe(1);
    await end('DONE', 0);
    const [newest, ...rest] = await kept();
    expect([rest.length, rest[0]]).toEqual([2, fiveDays]);
    await older(2);
    await due();
    expect(await clock()).toBe(1);
    expect(await kept()).toEqual([newest, fiveDays]);
    await end('FAILED', 0);
    await older(30);
    await due();
    expect(await clock()).toBe(1);
    expect(await kept()).toEqual([newest]);
    await end('DONE', 0);
  });

  test('it ends, and its backups stay', async () => {
    const before = await backups();
    expect((await run(END, { id })).data.deleteBackupSchedule).toMatchObject({ databaseId: id });
    expect((await run(END, { id })).code).toBe('NOT_FOUND');
    expect(await schedule()).toBeNull();
    expect(await backups()).toEqual(before);
  });
});
