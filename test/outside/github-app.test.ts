import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { GithubApps, isAppKey } from '../../src/outside/github-app.js';
import { GuardedFetch } from '../../src/outside/guarded-fetch.js';
import { GithubServer } from '../support/github-server.js';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const login = (format: 'pkcs1' | 'pkcs8', id = 'one') => ({ id, username: 'app/4711', password: privateKey.export({ type: format, format: 'pem' }).toString() });
let github: GithubServer;
let guard: GuardedFetch;
let apps: GithubApps;

beforeAll(async () => {
  github = await GithubServer.start();
  guard = new GuardedFetch([github.host]);
});
afterAll(async () => {
  await guard.close();
  await github.stop();
});
beforeEach(() => {
  github.app = { id: '4711', key: publicKey, owner: 'acme', token: 'ghs_token' };
  github.requests.length = 0;
  apps = new GithubApps(github.url, guard);
});
const refusal = (asked: Promise<string>) => asked.then(() => null, ({ name, message }: Error) => [name, message]);

test.each(['pkcs1', 'pkcs8'] as const)('a key in %s gives a token for a repository, which is asked for once', async (format) => {
  expect(await apps.token(login(format), 'acme/web', { contents: 'read' })).toBe('ghs_token');
  expect(await apps.token(login(format), 'Acme/web', { contents: 'read' })).toBe('ghs_token');
  expect(github.requests.map(({ path }) => path)).toEqual(['/repos/acme/web/installation', '/app/installations/7/access_tokens']);
  await apps.token(login(format, 'another key'), 'acme/web', { contents: 'read' });
  await apps.token(login(format), 'acme/other', { contents: 'read' });
  expect(github.requests).toHaveLength(6);
});

test('where it is not installed, where the key is another or none, that is said, and the key is not', async () => {
  expect(await refusal(apps.token(login('pkcs1'), 'others/web', null))).toEqual(['GithubRefusal', expect.stringMatching(/^404 Not Found/)]);
  github.app = { ...github.app!, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey };
  expect(await refusal(apps.token(login('pkcs1'), 'acme/web', null))).toEqual(['GithubRefusal', expect.stringMatching(/^401 A JSON web token could not be decoded/)]);
  expect(await refusal(apps.token({ ...login('pkcs1'), password: 'canary' }, 'acme/web', null))).toEqual(['GithubRefusal', 'The key of the GitHub App is not a private key in PEM.']);
});

test('a user name is one of an app, or it is not', () => {
  expect(['app/4711', 'app/Iv23liABC', 'app/', 'app/x y', 'x-access-token', 'app/4711/x'].map((username) => isAppKey({ username }))).toEqual([true, true, false, false, false, false]);
});
