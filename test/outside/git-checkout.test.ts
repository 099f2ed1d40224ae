import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOut } from '../../src/outside/git-checkout.js';
import { GuardedFetch } from '../../src/outside/guarded-fetch.js';
import { startGitServer, type GitServer } from '../support/git-server.js';

const LOGIN = { username: 'ci', password: 'canary' };

describe('a checkout', () => {
  let git: GitServer;
  let guard: GuardedFetch;
  let folder: string;

  beforeAll(async () => {
    git = await startGitServer(LOGIN);
    guard = new GuardedFetch([git.host]);
  });
  afterAll(async () => {
    await guard.close();
    await git.stop();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'apex-checkout-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const wish = (more: Partial<Parameters<typeof checkOut>[1]> = {}) => ({ url: new URL(`${git.url}/acme/web.git`), branch: 'main', commit: null, folder, login: LOGIN, signal: new AbortController().signal, ...more });

  it('is one commit, and tells what is not in it', async () => {
    const older = git.commit('acme/web', { 'a.txt': 'older' });
    const newer = git.commit('acme/web', { 'a.txt': 'newer', '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n', '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ../x\n' });
    expect(await checkOut(guard, wish({ commit: older }))).toEqual({ commit: older, warnings: [] });
    expect([readdirSync(folder), readFileSync(join(folder, 'a.txt'), 'utf8')]).toEqual([['a.txt'], 'older']);
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'apex-checkout-'));
    expect(await checkOut(guard, wish())).toEqual({ commit: newer, warnings: [expect.stringContaining('Git LFS'), expect.stringContaining('submodules')] });
  });

  it.each([
    ['without a credential', { login: null }, /give the team a credential for 127\.0\.0\.1:\d+ /],
    ['with a wrong one', { login: { ...LOGIN, password: 'guessed' } }, /the credential that the team has for it is refused/],
    ['of a branch that is not there', { branch: 'gone' }, /has no branch gone\./],
    ['of a commit that is not there', { commit: 'a'.repeat(40) }, /has no commit a{40} any more\./],
  ])('%s says what is wrong', async (_, more, message) => {
    git.commit('acme/web', { 'a.txt': 'a' });
    const failure = (await checkOut(guard, wish(more)).catch((error: unknown) => error)) as Error;
    expect([failure.name, failure.message]).toEqual(['CheckoutFailed', expect.stringMatching(message)]);
    expect(failure.message).not.toMatch(/canary|guessed/);
  });

  it('follows no redirect, and takes no credential along', async () => {
    const failure = (await checkOut(guard, wish({ url: new URL(`${git.url}/moved/web.git`) })).catch((error: unknown) => error)) as Error;
    expect(failure.message).toMatch(/has moved|cannot be fetched/);
    expect(existsSync(join(folder, 'a.txt'))).toBe(false);
  });

  it('has no way inward', async () => {
    const closed = new GuardedFetch([]);
    const refused = async (url: string) => ((await checkOut(closed, wish({ url: new URL(url) })).catch((error: unknown) => error)) as Error).message;
    expect(await refused(`${git.url}/acme/web.git`)).toContain('without encryption only where an operator allows it');
    expect(await refused('https://localhost/acme/web.git')).toContain('leads to an internal address');
    expect(await refused('https://169.254.169.254/acme/web.git')).toContain('leads to an internal address');
    await closed.close();
  });

  it('ends when it is no longer wanted', async () => {
    const stop = new AbortController();
    stop.abort(new Error('not wanted'));
    await expect(checkOut(guard, wish({ signal: stop.signal }))).rejects.toThrow('not wanted');
  });
});
