import { describe, expect, test } from '@jest/globals';
import { NodeProblem } from '../../src/node/node-problem.js';
import { requirePrerequisites, type Machine } from '../../src/node/prerequisites.js';

const GIB = 1024 ** 3;
const good: Machine = {
  platform: 'linux', uid: 0, hasApt: true, freeBytes: 40 * GIB, memoryBytes: 8 * GIB,
  cgroupControllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'], filesystems: 'nodev\toverlay\n\text4\n',
};

/** The sentence that a user would read, or undefined when the machine will do. */
function sentence(change: Partial<Machine>, needs = { build: true, packages: ['containerd'] }): string | undefined {
  try {
    requirePrerequisites({ ...good, ...change }, needs);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(NodeProblem);
    return (error as Error).message;
  }
}

describe('prerequisites of the embedded node', () => {
  test('a machine that has everything passes', () => {
    expect(sentence({})).toBeUndefined();
  });

  test.each<[string, Partial<Machine>, RegExp]>([
    ['another system', { platform: 'darwin' }, /runs on Linux only, and this is darwin; use a Debian or Ubuntu machine/],
    ['no root', { uid: 1000 }, /needs root to run containers; run "sudo \.\/apex up"/],
    ['no apt', { hasApt: false }, /apt-get is missing.*containerd; install them/],
    ['no disk', { freeBytes: 2 * GIB }, /needs 8 GiB of free disk and 2 GiB are free; free some space/],
    ['little memory', { memoryBytes: 1 * GIB }, /needs a machine with 2 GiB of memory and this one has 1;/],
    ['one controller missing', { cgroupControllers: ['cpu', 'pids'] }, /the control group controller memory,/],
    ['two controllers missing', { cgroupControllers: ['memory'] }, /the control group controllers cpu, pids,/],
    ['no overlay file system', { filesystems: 'nodev\ttmpfs\n\text4\n' }, /no overlay file system.*run "modprobe overlay"/],
  ])('%s is one sentence that says what to do', (_, change, expected) => {
    const text = sentence(change);
    expect(text).toMatch(expected);
    expect(text).not.toContain('\n');
    expect(text!.endsWith('.')).toBe(true);
  });

  test('a built and installed node asks for neither apt nor 8 GiB', () => {
    expect(sentence({ hasApt: false, freeBytes: 2 * GIB }, { build: false, packages: [] })).toBeUndefined();
  });
});
