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

  const wish = (more: Partial<Parameters<typeof checkOut>[1]> = {}) => ({ url: new URL(`${git.url}/acme/web.git`), branch: 'main', commit: null, folder, login: async (): Promise<typeof LOGIN | null> => LOGIN, signal: new AbortController().signal, ...more });

  it('is one commit, and tells what is not in it', async () => {
    const older = git.commit('acme/web', { 'a.txt': 'older' });
    const newer = git.commit('acme/web', { 'a.txt': 'newer', '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' });
    expect(await checkOut(guard, wish({ commit: older }))).toEqual({ commit: older, warnings: [] });
    expect([readdirSync(folder), readFileSync(join(folder, 'a.txt'), 'utf8')]).toEqual([['a.txt'], 'older']);
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'apex-checkout-'));
    expect(await checkOut(guard, wish())).toEqual({ commit: newer, warnings: [expect.stringContaining('Git LFS')] });
  });

  it('has its submodules, at the commits that it names and with the credentials for their hosts', async () => {
    const inner = git.commit('acme/inner', { 'inner.txt': 'inner' });
    const wanted = git.commit('acme/lib', { 'lib.txt': 'wanted', '.gitmodules': modules({ deep: '../inner.git' }) }, { deep: inner });
    git.commit('acme/lib', { 'lib.txt': 'newer' });
    git.commit('acme/web', { 'a.txt': 'a', '.gitmodules': modules({ 'vendor/lib': `${git.url}/acme/lib.git`, 'not a link': '../gone.git' }) }, { 'vendor/lib': wanted });
    const asked: string[] = [];
    expect((await checkOut(guard, wish({ login: async ({ pathname }) => (asked.push(pathname), LOGIN) }))).warnings).toEqual([]);
    expect(['vendor/lib/lib.txt', 'vendor/lib/deep/inner.txt'].map((file) => readFileSync(join(folder, file), 'utf8'))).toEqual(['wanted', 'inner']);
    expect([asked, existsSync(join(folder, 'vendor/lib/.git'))]).toEqual([['/acme/web.git', '/acme/lib.git', '/acme/inner.git'], false]);
  });

  it.each([
    ['inside of this network', 'https://169.254.169.254/acme/lib.git', /^The submodule lib cannot be fetched\. .*leads to an internal address/],
    ['on this machine', 'file:///etc', /neither https, nor ssh/],
    ['that is a command', 'ext::sh -c touch% /tmp/apex-was-here', /neither https, nor ssh|cannot be fetched/],
    ['that are gone', '../gone.git', /^The submodule lib cannot be fetched\. The repository .*\/acme\/gone does not exist/],
  ])('refuses submodules %s', async (_, url, message) => {
    git.commit('acme/web', { '.gitmodules': modules({ lib: url }) }, { lib: 'a'.repeat(40) });
    await expect(checkOut(guard, wish())).rejects.toThrow(message);
    expect(existsSync('/tmp/apex-was-here')).toBe(false);
  });

  it.each([
    ['without a credential', { login: async () => null }, /give the team a credential for 127\.0\.0\.1:\d+ /],
    ['with a wrong one', { login: async () => ({ ...LOGIN, password: 'guessed' }) }, /the credential that the team has for it is refused/],
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

const modules = (urls: Record<string, string>): string => Object.entries(urls).map(([path, url]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`).join('');
