import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeDomain, knownHomes } from '../../src/node/home-domains.js';
import { lockHolder, NodeLock } from '../../src/node/node-lock.js';
import { nodePaths, type NodePaths } from '../../src/node/node-paths.js';
import { addUser, liveUsers, removeUser } from '../../src/node/node-users.js';
import { purgeNodeData } from '../../src/node/take-down.js';
import { identify } from '../../src/node/process-identity.js';

let folder: string;
let paths: NodePaths;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apex-users-'));
  paths = nodePaths(join(folder, 'data'), join(folder, 'run'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('users of the node', () => {
  test('a living process counts until it is removed', () => {
    addUser(paths, '/a', process.pid);
    addUser(paths, '/a', process.pid);
    addUser(paths, '/b', process.ppid);
    expect(liveUsers(paths).map(({ home, pid }) => [home, pid]).sort()).toEqual([['/a', process.pid], ['/b', process.ppid]]);
    removeUser(paths, '/a', process.pid);
    expect(liveUsers(paths).map(({ home }) => home)).toEqual(['/b']);
  });

  test('a process that died does not count, and its registration is removed', async () => {
    const child = spawn('sleep', ['600']);
    addUser(paths, '/a', child.pid!);
    expect(liveUsers(paths)).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(liveUsers(paths)).toEqual([]);
    expect(readdirSync(paths.users)).toEqual([]);
  });

  test('another process under the number of a dead one does not count', () => {
    const user = addUser(paths, '/a', process.pid);
    const [file] = readdirSync(paths.users);
    writeFileSync(join(paths.users, file!), JSON.stringify({ ...user, startTime: '00000000-1' }));
    expect(liveUsers(paths)).toEqual([]);
  });

  test('a process that does not run cannot be registered', () => {
    expect(() => addUser(paths, '/a', 2 ** 22 + 1)).toThrow(/does not run/);
  });
});

describe('domains of homes', () => {
  const home = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  };

  test('the first home has the plain name, others one below it, and each keeps its own', () => {
    expect(homeDomain(paths, home('one'))).toBe('apex.localhost');
    const second = homeDomain(paths, home('two'));
    expect(second).toMatch(/^[0-9a-f]{6}\.apex\.localhost$/);
    expect(homeDomain(paths, home('three'))).not.toBe(second);
    expect([homeDomain(paths, home('two')), homeDomain(paths, home('one'))]).toEqual([second, 'apex.localhost']);
  });

  test('the name of a home that was deleted is free again', () => {
    expect(homeDomain(paths, home('one'))).toBe('apex.localhost');
    rmSync(join(folder, 'one'), { recursive: true });
    expect(homeDomain(paths, home('two'))).toBe('apex.localhost');
    expect(knownHomes(paths)).toEqual([join(folder, 'two')]);
  });

  test('the node’s data is not removed while another home has some there', async () => {
    homeDomain(paths, home('one'));
    homeDomain(paths, home('two'));
    await expect(purgeNodeData(paths, home('one'))).rejects.toThrow(`${join(folder, 'two')}, so it was not removed; run ./apex down --purge there`);
    expect(existsSync(paths.domains)).toBe(true);
  });
});

describe('the lock of the node', () => {
  test('the second waits until the first is done', async () => {
    const first = await NodeLock.acquire(paths.lockFile, 'up');
    const order: string[] = [];
    const second = NodeLock.acquire(paths.lockFile, 'down', { onWait: () => order.push('waits') }).then((lock) => {
      order.push('has it');
      return lock;
    });
    expect(lockHolder(paths.lockFile)).toMatchObject({ pid: process.pid, purpose: 'up' });
    first.release();
    (await second).release();
    expect(order.at(-1)).toBe('has it');
    expect(order).toContain('waits');
    expect(lockHolder(paths.lockFile)).toBeUndefined();
  });

  test('a holder that died does not count', async () => {
    const dead = { ...identify(process.pid)!, startTime: '00000000-1', purpose: 'up' };
    (await NodeLock.acquire(paths.lockFile, 'up')).release();
    writeFileSync(paths.lockFile, JSON.stringify(dead));
    const lock = await NodeLock.acquire(paths.lockFile, 'down');
    expect(lockHolder(paths.lockFile)).toMatchObject({ purpose: 'down' });
    lock.release();
  });

  test('who waits can be told to stop', async () => {
    const first = await NodeLock.acquire(paths.lockFile, 'up');
    const stop = new AbortController();
    const second = NodeLock.acquire(paths.lockFile, 'up', { signal: stop.signal, onWait: () => stop.abort() });
    await expect(second).rejects.toThrow(/abort/i);
    first.release();
  });
});
