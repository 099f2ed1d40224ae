import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cachePath } from '../../src/cli/surroundings.js';
import { binariesFolder, CLUSTER_SOURCES } from '../../src/node/binaries.js';
import { bringUpNode } from '../../src/node/bring-up.js';
import { goToolchain } from '../../src/node/go-toolchain.js';
import { lockHolder } from '../../src/node/node-lock.js';
import { nodePaths, type NodePaths } from '../../src/node/node-paths.js';
import { readStatus } from '../../src/node/node-status.js';
import { findProcesses } from '../../src/node/process-identity.js';
import { eventually } from './live-cluster.js';

/** A bring-up of a node of its own that has to compile everything, and is stopped while it does. */
describe('a bring-up that is interrupted while it compiles', () => {
  let folder: string;
  let cacheDir: string;
  let paths: NodePaths;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'apex-build-'));
    cacheDir = join(folder, 'cache');
    paths = nodePaths(join(folder, 'data'), join(folder, 'run'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const builds = () => findProcesses((command) => command.some((word) => word.startsWith(cacheDir)));

  async function interrupted(): Promise<string[]> {
    const stop = new AbortController();
    const states: string[] = [];
    const bringUp = bringUpNode(paths, {
      home: folder, cacheDir, pid: process.pid, signal: stop.signal,
      onProgress: ({ state, message }) => {
        states.push(state);
        if (/fetching|compiling/i.test(message)) stop.abort(new Error('told to stop'));
      },
    });
    await expect(bringUp).rejects.toThrow('told to stop');
    return states;
  }

  test('ends its compilers, frees the lock and says that the next run goes on', async () => {
    expect(await interrupted()).toEqual(expect.arrayContaining(['building', 'stopped']));
    expect(await eventually(async () => builds(), (pids) => pids.length === 0)).toEqual([]);
    expect(lockHolder(paths.lockFile)).toBeUndefined();
    expect(readStatus(paths)).toMatchObject({ state: 'stopped', message: expect.stringContaining('./apex up goes on') });
  }, 60_000);

  test('a build that a killed bring-up left running is ended by the next', async () => {
    // As the node itself finds it, which looks further than PATH.
    const go = dirname(await goToolchain(cachePath(process)));
    const orphan = spawn('bash', [join(CLUSTER_SOURCES, 'build.sh'), binariesFolder(cacheDir)], { detached: true, stdio: 'ignore', env: { ...process.env, PATH: `${go}:${process.env['PATH']}` } });
    const ended = once(orphan, 'exit');
    await interrupted();
    expect((await ended)[1]).toBe('SIGKILL');
    expect(await eventually(async () => builds(), (pids) => pids.length === 0)).toEqual([]);
  }, 60_000);
});
