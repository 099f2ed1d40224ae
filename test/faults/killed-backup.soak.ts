import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../acceptance/rest-client.js';
import { execInPod } from '../../src/orchestrator/kubernetes/pod-exec.js';
import { Installation, type ServerProcess } from './server-process.js';

const run = promisify(execFile);

describe('a backup whose server is killed', () => {
  let installation: Installation;
  let server: ServerProcess;
  let folder: string;
  let database: string;
  const backups = async (): Promise<any[]> => (await server.rest.get(`/api/databases/${database}/backups`)).body;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apex-killed-'));
    installation = await Installation.make();
    server = await installation.server({ APEX_BACKUP_DIR: join(folder, 'backups') });
    const { body } = await server.rest.post('/api/databases', { name: 'large', type: 'postgres', storage: '1Gi' });
    database = body.id;
    await until('it answers', () => server.rest.get(`/api/databases/${database}`), (answer) => answer.body.status === 'AVAILABLE', 120);
    const { body: { password } } = await server.rest.get(`/api/databases/${database}/connection`);
    const [pod] = (await installation.objects('Pod')).filter(({ metadata }) => metadata.name === 'large-0');
    const script = `read -r P; PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -Xqc "create table t as select n, string_agg(md5(n::text || m::text), '') as text from generate_series(1, 60000) n, generate_series(1, 60) m group by n"`;
    const { exitCode } = await execInPod(installation.kube, { namespace: pod.metadata.namespace, pod: 'large-0', container: 'database', command: ['sh', '-c', script], input: [Buffer.from(`${password}\n`)], signal: AbortSignal.timeout(180_000) }, () => undefined);
    expect(exitCode).toBe(0);
  }, 360_000);
  afterAll(async () => {
    await installation?.remove();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it('is made anew, once, by the next server, and is downloaded whole by curl', async () => {
    const { body: begun } = await server.rest.post(`/api/databases/${database}/backups`);
    const part = join(folder, 'backups', database, `${begun.id}.part`);
    await until('its object grows', () => stat(part).then(({ size }) => size, () => 0), (size) => size > 1_000_000, 60);
    await server.signal('SIGKILL');
    expect((await installation.rows('select state, attempts from backup'))[0]).toEqual({ state: 'RUNNING', attempts: 1 });
    await server.start();
    const [made] = await until('it is done', backups, ([backup]) => backup.state !== 'RUNNING', 180);
    expect(made).toMatchObject({ id: begun.id, state: 'DONE', message: null });
    const object = await readFile(join(folder, 'backups', database, begun.id));
    expect([object.length, createHash('sha256').update(object).digest('hex')]).toEqual([made.size, made.sha256]);

    await run('curl', ['-fsSOJ', '-H', `Authorization: Bearer ${server.token}`, `${server.url}/api/databases/${database}/backups/${begun.id}/download`], { cwd: folder });
    const [file] = (await readdir(folder)).filter((name) => /^large-\d{8}T\d{4}Z\.sql$/.test(name));
    const dump = await readFile(join(folder, file!), 'utf8');
    expect(dump).toContain('PostgreSQL database dump complete');
    expect(dump.match(/^\d+\t[0-9a-f]{1920}$/gm)).toHaveLength(60_000);
  }, 300_000);

  it('is told as failed where that happens twice', async () => {
    const { body: begun } = await server.rest.post(`/api/databases/${database}/backups`);
    const part = join(folder, 'backups', database, `${begun.id}.part`);
    for (const attempt of [1, 2]) {
      await until('it is at work', async () => (await installation.rows<{ attempts: number }>('select attempts from backup where id = ?', [begun.id]))[0]!.attempts, (attempts) => attempts === attempt, 120);
      await until('its object grows', () => stat(part).then(({ size }) => size, () => 0), (size) => size > 1_000_000, 60);
      await server.signal('SIGKILL');
      await rm(part, { force: true });
      await server.start();
    }
    const [failed] = await until('it has ended', backups, ([backup]) => backup.state !== 'RUNNING', 180);
    expect(failed).toMatchObject({ id: begun.id, state: 'FAILED', message: expect.stringMatching(/begun twice, and cut off each time/) });
    expect((await server.rest.get(`/api/databases/${database}`)).body.lastBackup).toMatchObject({ id: begun.id, state: 'FAILED' });
    expect(await installation.rows('select 1 from backup where notice_due_at is not null')).toHaveLength(1);
  }, 300_000);
});
