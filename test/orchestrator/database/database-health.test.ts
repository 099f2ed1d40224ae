import { expect, test } from '@jest/globals';
import { DatabaseState } from '../../../src/entities/database-state.js';
import { ManagedDatabase } from '../../../src/entities/managed-database.js';
import { healthOfUnready } from '../../../src/orchestrator/database/database-health.js';
import type { PodObject } from '../../../src/orchestrator/service/observed.js';

const database = Object.assign(new ManagedDatabase(), { status: DatabaseState.FAILED, statusMessage: 'The container ended with exit code 1.', storage: '5Gi' });
const ended = (message: string): PodObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'db-0' }, status: { containerStatuses: [{ name: 'database', ready: false, restartCount: 5, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, reason: 'Error', message } } }] } }) as PodObject;

test.each([
  ['PostgreSQL', 'PANIC:  could not write to file "pg_wal/xlogtemp.27": No space left on device'],
  ['MariaDB', "[ERROR] InnoDB: preallocating 12582912 bytes for file ./ibtmp1 failed with error 28\n[ERROR] InnoDB: Could not set the file size of './ibtmp1'. Probably out of disk space\n[ERROR] Aborting"],
  ['MariaDB', "[ERROR] mariadbd: Error writing file './aria_log.00000001' (Errcode: 28)"],
  ['Redis', "Can't open or create append-only dir appendonlydir: No space left on device"],
])('a full volume is told of as that, by the last words of %s', (_engine, words) => {
  expect(healthOfUnready(database, [ended(words)], 'image', Date.now())).toEqual({ status: DatabaseState.STORAGE_FULL, message: expect.stringMatching(/^Its storage of 5Gi is full/) });
});

test('what ended for another reason is not', () => {
  expect(healthOfUnready(database, [ended('[ERROR] unknown variable at line 28')], 'image', Date.now()).status).toBe(DatabaseState.FAILED);
});
