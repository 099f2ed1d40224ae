import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { http } from '../support/http.js';
import { smtpReceiver } from '../support/smtp-receiver.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const { server: smtp, next } = smtpReceiver();
let apex: TestServer;

beforeAll(async () => {
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const { port } = smtp.address() as AddressInfo;
  apex = await startTestServer({ env: { APEX_SMTP_URL: `smtp://127.0.0.1:${port}`, APEX_MAIL_FROM: 'Apex <apex@example.com>', APEX_PUBLIC_URL: 'https://apex.example' } });
});
afterAll(async () => {
  await apex?.stop();
  await new Promise((resolve) => smtp.close(resolve));
});

it('an invitation comes by mail too, with the link that its maker sees, and the link is in no log', async () => {
  const team = (await http(`${apex.url}/api/teams`, { token: apex.token, json: { name: 'Engineering' } })).body;
  const mail = next();
  const { inviteUrl } = (await http(`${apex.url}/api/teams/${team.id}/members`, { token: apex.token, json: { email: 'new@example.com', role: 'VIEWER' } })).body;
  const text = (await mail).replaceAll('=\n', '').replaceAll('=3D', '=');
  expect(inviteUrl).toMatch(/^https:\/\/apex\.example\/invitation\?token=apex_/);
  expect(text).toContain(inviteUrl);
  expect(text).toMatch(/^From: Apex <apex@example\.com>$/m);
  expect(text).toMatch(/^To: new@example\.com$/m);
  expect(text).toMatch(/^Subject: You are invited to the team Engineering$/m);
  expect(apex.log()).not.toContain(new URL(inviteUrl).searchParams.get('token'));
});

it('a mail server that is away changes nothing for who invites', async () => {
  const down = await startTestServer({ env: { APEX_SMTP_URL: 'smtp://user:canary-of-mail@127.0.0.1:9' } });
  try {
    const team = (await http(`${down.url}/api/teams`, { token: down.token, json: { name: 'Engineering' } })).body;
    const added = await http(`${down.url}/api/teams/${team.id}/members`, { token: down.token, json: { email: 'new@example.com' } });
    expect([added.status, added.body.status]).toEqual([200, 'PENDING']);
  } finally {
    await down.stop();
  }
  expect(down.log()).toContain('a mail could not be sent');
  expect(down.log()).not.toContain('canary-of-mail');
});
