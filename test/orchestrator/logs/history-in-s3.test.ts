import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../../src/entities/columns.js';
import { SegmentBucket } from '../../../src/orchestrator/logs/history/segment-bucket.js';
import { SegmentFolder } from '../../../src/orchestrator/logs/history/segment-folder.js';
import { SegmentPlaces } from '../../../src/orchestrator/logs/history/segment-places.js';
import { S3_START_MS, startS3Server, type S3Server } from '../../support/s3-server.js';
import { ClusterInstallation } from '../cluster-installation.js';
import { KeptHistory, storedAt } from './kept-history.js';

const OURS = 'an-installation';
let s3: S3Server;
let storage: ReturnType<S3Server['client']>;
let former: string;
let history: KeptHistory;

beforeAll(async () => {
  s3 = await startS3Server();
  storage = s3.client();
  former = mkdtempSync(join(tmpdir(), 'apex-former-'));
  history = await KeptHistory.start(new SegmentPlaces(new SegmentBucket(storage, OURS), new SegmentFolder(former)));
}, S3_START_MS);
afterAll(async () => {
  await history?.stop();
  await storage?.close();
  await s3?.stop();
  rmSync(former, { recursive: true, force: true });
});

const objects = (teamId: string): string[] => readdirSync(join(s3.folder, OURS, 'logs', teamId));

test('lines are objects there, sealed, and are found; small ones become one; the oldest go', async () => {
  const web = await history.service();
  for (let n = 0; n < 16; n += 1) await history.append(web, [storedAt(n, `line ${n} canary-in-a-log-line`)]);
  expect(objects(web.teamId)).toHaveLength(16);
  expect(await history.all(web.source, { filter: { text: 'line 7 ' } })).toEqual(['line 7 canary-in-a-log-line']);
  await history.archive.merge(web.source, history.fence);
  const [merged, ...others] = objects(web.teamId);
  expect(others).toEqual([]);
  expect(readFileSync(join(s3.folder, OURS, 'logs', web.teamId, merged!)).includes('canary')).toBe(false);
  expect(await history.all(web.source, { oldestFirst: true, first: 3 })).toEqual(Array.from({ length: 16 }, (_none, n) => `line ${n} canary-in-a-log-line`));

  await history.append(web, [storedAt(16, 'the newest')]);
  await history.limits({ bytes: 20 }).enforce(history.fence);
  expect(await history.all(web.source)).toEqual(['the newest']);
  expect(objects(web.teamId)).toHaveLength(1);
});

test('lines of the folder before are found and let go; an object that no row names is swept once it is old', async () => {
  const web = await history.service();
  await history.append(web, [storedAt(0, 'of the folder')]);
  const [name] = objects(web.teamId);
  const id = name!.replace('.segment', '');
  await new SegmentFolder(former).write(web.teamId, id, readFileSync(join(s3.folder, OURS, 'logs', web.teamId, name!)));
  await storage.remove(`${OURS}/logs/${web.teamId}/${name}`);
  await history.append(web, [storedAt(1, 'of the bucket')]);
  expect(await history.all(web.source, { oldestFirst: true })).toEqual(['of the folder', 'of the bucket']);

  const orphan = newId();
  await history.files.write(web.teamId, orphan, Buffer.from('of a server that was killed'));
  await history.limits().sweep();
  expect(objects(web.teamId)).toContain(`${orphan}.segment`);
  await history.limits().sweep(new Date(Date.now() + 2 * 3600_000));
  expect(objects(web.teamId)).toHaveLength(1);
  await history.limits({ bytes: 15 }).enforce(history.fence);
  expect(await history.all(web.source)).toEqual(['of the bucket']);
  expect(readdirSync(join(former, web.teamId))).toEqual([]);
});

test('an altered object is refused', async () => {
  const web = await history.service();
  await history.append(web, [storedAt(0, 'as it was')]);
  const path = join(s3.folder, OURS, 'logs', web.teamId, objects(web.teamId)[0]!);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  await expect(history.search(web.source)).rejects.toThrow();
});

test('a server keeps what its containers say in the bucket of its settings', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'apex-kept-'));
  const apex = await ClusterInstallation.start({ ...s3.settings, APEX_LOG_HISTORY_STORE: 's3', APEX_LOG_HISTORY_BYTES: String(1024 ** 2), APEX_LOG_HISTORY_DIR: folder });
  try {
    const id = await apex.deploy({ name: 'says', image: 'busybox', command: ['sh', '-c', 'echo kept in the bucket; sleep 3600'] });
    await apex.until(id, ({ status }) => status === 'RUNNING');
    const kept = async (): Promise<string[]> =>
      (await apex.graphql<{ serviceLogHistory: { nodes: { message: string }[] } }>('query ($id: ID!) { serviceLogHistory(serviceId: $id) { nodes { message } } }', { id })).serviceLogHistory.nodes.map(({ message }) => message);
    expect(await apex.eventually(kept, (lines) => lines.length > 0, 40)).toEqual(['kept in the bucket']);
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(join(s3.folder, apex.installationId, 'logs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.segment')).length).toBeGreaterThan(0);
  } finally {
    await apex.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
