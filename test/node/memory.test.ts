import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringUp, domainFor } from '../../src/node/embedded-node.js';
import { markedProcesses } from '../../src/node/removal/stray-processes.js';
import { runningSupervisor } from '../../src/node/supervisor.js';
import { CACHE, eventually, LiveNamespace, paths } from './live-cluster.js';

const LIMIT = 1_000_000_000;
const PODS = 4;
/** After a busy time Go gives memory back at its next forced collection, which comes every two minutes. */
const SETTLING_MS = 150_000;

const space = new LiveNamespace();
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'apex-memory-'));
  await bringUp({ home, cacheDir: CACHE, pid: process.pid });
  await space.create();
}, 20 * 60_000);
afterAll(async () => {
  await space.remove();
  rmSync(join(paths.domains, domainFor(home)), { force: true });
  rmSync(home, { recursive: true, force: true });
});

test(`all that runs for the node, and for ${PODS} pods on it, has under 1 GB resident`, async () => {
  await space.pods(...Array.from({ length: PODS }, (_, index) => ({ name: `pod-${index}`, image: 'apex.local/hello:latest' })));
  const used = await eventually(async () => memoryOfNode(), (table) => total(table) < LIMIT, SETTLING_MS);
  expect(Object.keys(used)).toEqual(expect.arrayContaining(['supervisor', 'etcd', 'containerd', 'kubernetes', 'caddy']));
  if (total(used) >= LIMIT) throw new Error(`${total(used)} bytes are resident: ${JSON.stringify(used)}`);
}, 20_000 + 90_000 + SETTLING_MS);

/** Resident bytes of each program as /proc counts them (pages that two share count twice), and of the shims of PODS pods. */
function memoryOfNode(): Record<string, number> {
  const { processes } = JSON.parse(readFileSync(paths.processStatus, 'utf8')) as { processes: Array<{ name: string; pid: number }> };
  const programs = [{ name: 'supervisor', pid: runningSupervisor(paths)!.pid }, ...processes];
  // Pods of other tests come and go: the largest shims stand for this test's.
  const shims = markedProcesses(paths).filter(({ isShim }) => isShim).map(({ pid }) => residentBytes(pid)).sort((a, b) => b - a).slice(0, PODS);
  expect(shims).toHaveLength(PODS);
  return { ...Object.fromEntries(programs.map(({ name, pid }) => [name, residentBytes(pid)])), shims: shims.reduce((sum, bytes) => sum + bytes, 0) };
}

function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

const total = (table: Record<string, number>) => Object.values(table).reduce((sum, bytes) => sum + bytes, 0);
