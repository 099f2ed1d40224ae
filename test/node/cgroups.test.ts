import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CGROUP_NAME, makePodGroup, podProcesses, readCgroups } from '../../src/node/cgroups.js';

describe('control groups as machines offer them', () => {
  let mount: string;

  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'apex-cgroup-'));
  });
  afterEach(() => rmSync(mount, { recursive: true, force: true }));

  test('version 2: one tree, whose controllers are handed down before the pods’ group is made', () => {
    writeFileSync(join(mount, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    writeFileSync(join(mount, 'cgroup.subtree_control'), '');
    const cgroups = readCgroups(mount);
    expect(cgroups).toEqual({ version: 2, controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'], trees: [mount] });
    makePodGroup(cgroups);
    expect(readFileSync(join(mount, 'cgroup.subtree_control'), 'utf8')).toMatch(/^\+\w+$/);
    expect(existsSync(join(mount, CGROUP_NAME))).toBe(true);
  });

  test('version 1: a tree for each controller, also where two share one, and the empty version 2 tree beside them', () => {
    for (const name of ['cpu,cpuacct', 'memory', 'pids', 'unified']) {
      mkdirSync(join(mount, name));
      writeFileSync(join(mount, name, 'cgroup.procs'), '1\n');
    }
    const cgroups = readCgroups(mount);
    expect(cgroups.version).toBe(1);
    expect(cgroups.controllers).toEqual(expect.arrayContaining(['cpu', 'cpuacct', 'memory', 'pids']));
    makePodGroup(cgroups);
    for (const name of ['cpu,cpuacct', 'memory', 'pids', 'unified']) expect([name, existsSync(join(mount, name, CGROUP_NAME))]).toEqual([name, true]);
  });

  test('every process below the pods’ group is found once, and none outside it', () => {
    for (const name of ['memory', 'pids']) {
      const pod = join(mount, name, CGROUP_NAME, 'kubepods', 'pod1');
      mkdirSync(pod, { recursive: true });
      writeFileSync(join(mount, name, 'cgroup.procs'), '1\n2\n');
      writeFileSync(join(mount, name, CGROUP_NAME, 'cgroup.procs'), '');
      writeFileSync(join(pod, 'cgroup.procs'), '77\n78\n');
    }
    expect(podProcesses(readCgroups(mount)).sort()).toEqual([77, 78]);
  });
});
