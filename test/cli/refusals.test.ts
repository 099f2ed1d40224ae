import { afterAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApexCommand, outcome, runs } from './apex-command.js';

const ROOT = join(import.meta.dirname, '..', '..');
const apex = new ApexCommand();
afterAll(() => apex.dispose());

describe('what is missing is one sentence that says what to do, and exit code 1', () => {
  it('a port that is taken, by whom; and nothing is left running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await apex.run(['up', '--detach', '--no-cluster', '--port', String(port)]);
    other.close();
    expect(code).toBe(1);
    expect(lastLine(stderr)).toMatch(new RegExp(`^apex: Port ${port} is taken by .+ \\(pid ${process.pid}\\): stop that program, or choose another port with --port or APEX_PORT\\.$`));
    const { stdout } = await apex.run(['status', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ server: { state: 'stopped' }, database: { state: 'stopped' } });
  });

  it.each([
    [['up', '--port', '0'], {}, /^error: option '-p, --port <port>' argument '0' is invalid\. A port is a number from 1 to 65535\.$/m],
    [['up', '--detach', '--no-cluster'], { APEX_PORT: 'http' }, /^apex: APEX_PORT is not a port: set it to a number from 1 to 65535\.$/m],
    [['bench', 'nothing'], {}, /^apex: There is no benchmark "nothing"/m],
    [['upp'], {}, /^error: unknown command 'upp'\n\(Did you mean up\?\)$/m],
  ])('%j with %j', async (args, env, sentence) => {
    const { code, stdout, stderr } = await apex.run(args, env);
    expect(stderr).toMatch(sentence);
    expect([code, stdout]).toEqual([1, '']);
  });

  it('a disk that is too full', async () => {
    const disk = join(apex.folder, 'small-disk');
    mkdirSync(disk);
    const script = 'mount -t tmpfs -o size=8m tmpfs "$1" && exec "$0" up --detach --no-cluster';
    const child = spawn('unshare', ['--mount', 'bash', '-c', script, join(ROOT, 'apex'), disk], { env: { ...process.env, DATABASE_URL: '', APEX_HOME: join(disk, 'home') } });
    const { code, stderr } = await outcome(child);
    expect(lastLine(stderr)).toMatch(/^apex: .*small-disk\/home needs 512 MiB of free disk and \d MiB are free: free some space, or set APEX_HOME to a folder on another disk\.$/);
    expect(code).toBe(1);
  });

  it('no npm and no apt-get', async () => {
    const bare = mkdtempSync(join(tmpdir(), 'apex-bare-'));
    for (const name of ['readlink', 'dirname', 'id', 'getent', 'cut']) symlinkSync(join('/usr/bin', name), join(bare, name));
    const { code, stderr } = await outcome(spawn('/bin/bash', [join(ROOT, 'apex'), 'status'], { env: { PATH: bare, HOME: bare } }));
    rmSync(bare, { recursive: true });
    expect([code, stderr]).toEqual([1, 'apex: npm is missing and this machine has no apt-get to install it with: install Node 24 with npm, then run ./apex again.\n']);
  });
});

describe('down', () => {
  it('does not touch a stranger that has got the number of a process recorded before', async () => {
    const stranger = spawn('sleep', ['60']);
    await once(stranger, 'spawn');
    try {
      mkdirSync(apex.home, { recursive: true });
      const record = { pid: stranger.pid, startTime: 'of another boot', command: 'node main.js', since: new Date().toISOString(), port: 3000 };
      writeFileSync(join(apex.home, 'processes.json'), JSON.stringify({ server: record, postgres: record }));
      expect(await apex.run(['down'])).toMatchObject({ code: 0, stderr: 'Nothing was running.\n' });
      expect(runs(stranger.pid!)).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('makes nothing where there is no installation', async () => {
    const home = join(apex.folder, 'never');
    const { code, stderr } = await apex.run(['down', '--purge'], { APEX_HOME: home });
    expect([code, stderr]).toEqual([0, `There is no installation in ${home}, so nothing runs.\n`]);
    expect(existsSync(home)).toBe(false);
  });
});

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1);
}
