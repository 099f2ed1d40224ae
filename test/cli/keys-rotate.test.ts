import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { http } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { ApexCommand } from './apex-command.js';

const apex = new ApexCommand();
const newKey = randomBytes(32).toString('base64');
let old: TestServer;

beforeAll(async () => {
  old = await startTestServer();
});
afterAll(async () => {
  await apex.dispose();
  await old?.stop();
});

const reveal = async ({ url, token }: TestServer, groupId: string): Promise<unknown> => (await http(`${url}/api/env-groups/${groupId}/reveal`, { token, json: {} })).body;
const beside = (key: string, more: Record<string, string> = {}): Promise<TestServer> => startTestServer({ beside: old, env: { APEX_SECRET_KEY: key, ...more } });

test('"apex keys rotate" seals everything anew while the server serves; then the old key is refused, by name, and the new one is enough', async () => {
  const group = (await http(`${old.url}/api/env-groups`, { token: old.token, json: { name: 'shared', variables: { API_KEY: 'of-the-group' } } })).body;
  await http(`${old.url}/api/registry-credentials`, { token: old.token, json: { registry: 'ghcr.io', username: 'ci', password: 'of-the-registry' } });
  const both = await beside(newKey, { APEX_SECRET_KEY_PREVIOUS: old.secretKey });
  try {
    const { code, stdout, stderr } = await apex.run(['keys', 'rotate'], { APEX_URL: both.url, APEX_TOKEN: both.token });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^2 values and 2 data keys are sealed anew, with key [a-f0-9]{16}\. The key before it \(APEX_SECRET_KEY_PREVIOUS\) is needed no more\.\n$/);
    const again = await apex.run(['keys', 'rotate'], { APEX_URL: both.url, APEX_TOKEN: both.token });
    expect(again.code).toBe(0);
    expect(await reveal(both, group.id)).toMatchObject([{ key: 'API_KEY', value: 'of-the-group' }]);
  } finally {
    await both.stop();
  }
  const alone = await beside(newKey);
  try {
    expect(await reveal(alone, group.id)).toMatchObject([{ key: 'API_KEY', value: 'of-the-group' }]);
  } finally {
    await alone.stop();
  }
  await expect(beside(old.secretKey)).rejects.toThrow(/its secrets were sealed with key [a-f0-9]{16}, and this is key [a-f0-9]{16}\. Start with that key/);
});

test('it is the operator\'s alone', async () => {
  const invited = (await http(`${old.url}/api/teams`, { token: old.token, json: { name: 'Engineering' } })).body;
  const held = (await http(`${old.url}/api/account/token`, { token: old.token, json: { teamId: invited.id } })).body;
  const { code, stdout, stderr } = await apex.run(['keys', 'rotate'], { APEX_URL: old.url, APEX_TOKEN: held.token });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain("Only the installation's operator may do this.");
});
