import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { ApexError } from '../../src/errors.js';
import { http, type HttpAnswer, type HttpWish } from '../support/http.js';
import { TestApi } from '../support/test-api.js';
import { openDoors } from '../support/test-doors.js';

describe('backups in the REST API', () => {
  let api: TestApi;
  let doors: Awaited<ReturnType<typeof openDoors>>;
  let owner: string;
  let stranger: string;
  let database: string;
  let backup: string;
  const call = (path: string, wish: HttpWish = {}): Promise<HttpAnswer> => http(`${doors.url}${path}`, { token: owner, ...wish });
  const begin = (wish: HttpWish = {}): Promise<HttpAnswer> => call(`/api/databases/${database}/backups`, { method: 'POST', ...wish });

  beforeAll(async () => {
    api = await TestApi.start();
    doors = await openDoors(api);
    [{ token: owner }, { token: stranger }] = [await api.account('Ada'), await api.account('Stranger')];
    database = (await call('/api/databases', { json: { name: 'my-postgres', type: 'postgres', size: 'small' } })).body.id;
  });
  afterAll(async () => {
    await doors?.close();
    await api?.stop();
  });

  it('begins one, and lists it in the documented shape', async () => {
    const begun = await begin();
    expect(begun).toMatchObject({ status: 200, body: { id: expect.any(String), databaseId: database, state: 'RUNNING', size: null, createdAt: expect.any(String), endedAt: null } });
    backup = begun.body.id;
    expect((await call(`/api/databases/${database}/backups`)).body).toEqual([begun.body]);
    expect(await begin()).toMatchObject({ status: 400, body: { detail: expect.stringContaining('is being made') } });
  });

  it('restores what is done, and says why it does not', async () => {
    const restore = (json: object): Promise<HttpAnswer> => call(`/api/databases/${database}/restore`, { json });
    expect(await restore({ backupId: backup })).toMatchObject({ status: 400, body: { detail: expect.stringContaining('still being made') } });
    expect(await call(`/api/databases/${database}/backups/${backup}/download`)).toMatchObject({ status: 400, body: { detail: expect.stringContaining('still being made') } });
    await api.em.execute(`update backup set state = 'DONE', size = 5, sha256 = '', ended_at = now()`);
    expect(await restore({ backupId: backup, name: 'Not A Name' })).toMatchObject({ status: 400, body: { errors: [{ path: 'name' }] } });
    expect(await restore({ backupId: backup, name: 'my-postgres' })).toMatchObject({ status: 400, body: { errors: [{ path: 'name', message: expect.stringContaining('already taken') }] } });
    const into = await restore({ backupId: backup, name: 'my-copy' });
    expect(into).toMatchObject({ status: 200, body: { backupId: backup, state: 'RUNNING', endedAt: null } });
    expect(into.body.databaseId).not.toBe(database);
    expect((await call(`/api/restores/${into.body.id}`)).body).toEqual(into.body);
    expect((await call(`/api/databases/${into.body.databaseId}`)).body).toMatchObject({ name: 'my-copy', type: 'postgres', version: '15', size: 'small', status: 'PROVISIONING' });
    expect(await call(`/api/backups/${backup}`, { method: 'DELETE' })).toMatchObject({ status: 400, body: { detail: expect.stringContaining('is being restored') } });
  });

  it('of a deleted database comes back into another one, as long as it is kept', async () => {
    await api.em.execute(`update managed_database set status = 'DELETED', deleted_at = now(), purge_at = now() + interval '7 days' where id = ?`, [database]);
    const restore = (json: object): Promise<HttpAnswer> => call(`/api/databases/${database}/restore`, { json });
    expect(await restore({ backupId: backup })).toMatchObject({ status: 400, body: { detail: expect.stringContaining('is deleted') } });
    const into = await restore({ backupId: backup, name: 'my-second-life' });
    expect(into).toMatchObject({ status: 200, body: { backupId: backup, state: 'RUNNING' } });
    expect((await call(`/api/databases/${into.body.databaseId}`)).body).toMatchObject({ name: 'my-second-life', status: 'PROVISIONING' });
    await api.em.execute(`update managed_database set status = 'AVAILABLE', deleted_at = null, purge_at = null where id = ?`, [database]);
  });

  it('is downloaded whole, or the connection is cut', async () => {
    const content = randomBytes(3_000_000);
    await api.em.execute('update backup set content_size = ?, sealed_key = ? where id = ?', [content.length, 'sealed', backup]);
    const pieces = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000);
    };
    const download = (token = owner): Promise<Response> => fetch(`${doors.url}/api/databases/${database}/backups/${backup}/download`, { headers: { authorization: `Bearer ${token}` } });

    api.orchestrator.backupContent = pieces;
    const whole = await download();
    expect([whole.status, whole.headers.get('content-length'), whole.headers.get('content-disposition')]).toEqual([200, '3000000', expect.stringMatching(/^attachment; filename="my-postgres-\d{8}T\d{4}Z\.sql"$/)]);
    expect(content.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
    const told = await api.em.execute('select action, target_id, target_name from audit_event where action = ?', ['downloadBackup']);
    expect(told).toEqual([{ action: 'downloadBackup', target_id: backup, target_name: 'my-postgres' }]);

    api.orchestrator.backupContent = async function* () {
      yield* pieces();
      throw new ApexError('UNAVAILABLE', 'Not whole.');
    };
    const failing = await download();
    expect(failing.status).toBe(200);
    await expect(failing.arrayBuffer()).rejects.toThrow();

    api.orchestrator.backupContent = async function* () {
      throw new ApexError('UNAVAILABLE', 'The backup is gone.');
    };
    const gone = await download();
    expect([gone.status, await gone.json()]).toEqual([503, expect.objectContaining({ detail: 'The backup is gone.' })]);
    expect((await call(`/api/databases/${backup}/backups/${backup}/download`)).status).toBe(404);
  });

  it("does not know another team's", async () => {
    const token = stranger;
    for (const [path, wish] of [
      [`/api/databases/${database}/backups`, {}],
      [`/api/databases/${database}/backups`, { method: 'POST' }],
      [`/api/databases/${database}/restore`, { json: { backupId: backup } }],
      [`/api/databases/${database}/backups/${backup}/download`, {}],
      [`/api/backups/${backup}`, { method: 'DELETE' }],
    ] as const) expect((await call(path, { token, ...wish })).status).toBe(404);
    const { body } = await call('/api/databases', { token, json: { name: 'theirs', type: 'postgres' } });
    expect((await call(`/api/databases/${body.id}/restore`, { token, json: { backupId: backup } })).status).toBe(404);
  });

  it('is gone from the list when it is deleted', async () => {
    await api.em.execute(`update restore set state = 'FAILED'`);
    expect((await call(`/api/backups/${backup}`, { method: 'DELETE' })).status).toBe(200);
    expect((await call(`/api/databases/${database}/backups`)).body).toEqual([]);
    expect((await call(`/api/backups/${backup}`, { method: 'DELETE' })).status).toBe(404);
  });
});
