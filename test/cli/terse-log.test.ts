import { expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { follow, terse } from '../../src/cli/server/terse-log.js';

it.each([
  ['{"level":"info","time":"2026-01-02T03:04:05.678Z","msg":"listening","port":3000,"requestId":"x"}', '03:04:05 listening port=3000'],
  ['{"level":"error","time":"2026-01-02T03:04:05.678Z","msg":"reconcile failed","err":{"message":"no route"}}', '03:04:05 ERROR reconcile failed: no route'],
  ['{"level":"info"', '{"level":"info"'],
  ['plain words', 'plain words'],
])('%s', (line, shown) => {
  expect(terse(line)).toBe(shown);
});

it('follows what is written from now on, whole lines, characters unbroken, also in a new file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'apex-log-'));
  const path = join(folder, 'server.log');
  writeFileSync(path, 'old\n');
  const stop = new AbortController();
  const lines = follow(path, 4, stop.signal);
  appendFileSync(path, 'prêt à');
  const first = lines.next();
  appendFileSync(path, ' servir\n');
  expect((await first).value).toBe('prêt à servir');
  writeFileSync(path, 'new\n');
  expect((await lines.next()).value).toBe('new');
  stop.abort();
  expect((await lines.next()).done).toBe(true);
  rmSync(folder, { recursive: true });
});
