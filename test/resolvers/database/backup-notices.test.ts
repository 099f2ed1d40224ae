import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { Role } from '../../../src/entities/roles.js';
import { createLogger } from '../../../src/logger.js';
import { Mailer } from '../../../src/outside/mail.js';
import { backupMail } from '../../../src/resolvers/database/backup-mail.js';
import { smtpReceiver } from '../../support/smtp-receiver.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';
import { createWorld, type World } from '../../support/world.js';

describe('the mail about a failed backup', () => {
  const { server: smtp, next } = smtpReceiver();
  let api: TestApi;
  let mailer: Mailer;
  let people: Record<string, TestAccount>;
  let world: World;
  const clock = async (): Promise<boolean> => (await api.runAs({ kind: 'system', name: 'schedule' }, 'mutation { sendBackupNotices }')).data.sendBackupNotices;
  const fail = (hours: number): Promise<unknown> =>
    api.em.execute(`update backup set state = 'FAILED', message = 'The engine was away.', notice_due_at = now(), notice_attempts = 0, ended_at = now() - make_interval(hours => ?) where id = ?`, [hours, world.backupId]);
  const dueIn = async (): Promise<number | null> => (await api.em.execute<[{ seconds: string | null }]>('select extract(epoch from notice_due_at - now()) as seconds from backup where id = ?', [world.backupId]))[0].seconds as number | null;

  beforeAll(async () => {
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
    mailer = new Mailer(`smtp://127.0.0.1:${(smtp.address() as AddressInfo).port}`, 'Apex <apex@example.com>', createLogger('silent'));
    api = await TestApi.start({ backupMail: backupMail(mailer) });
    people = Object.fromEntries(await Promise.all(['owner', 'admin', 'developer'].map(async (name) => [name, await api.account(name)] as const)));
    world = await createWorld(api, people['owner']!);
    await api.addMember(world.teamId, people['admin']!, Role.ADMIN);
    await api.addMember(world.teamId, people['developer']!, Role.DEVELOPER);
  });
  afterAll(async () => {
    await mailer?.stop();
    await api?.stop();
    await new Promise((resolve) => smtp.close(resolve));
  });

  test('goes to the owners and admins of its team, once, and says why', async () => {
    expect(await clock()).toBe(false);
    await fail(0);
    const coming = next();
    expect(await clock()).toBe(true);
    const mail = (await coming).replaceAll('=\n', '').replaceAll('=3D', '=');
    expect(mail).toMatch(/^Subject: The backup of the database world-database has failed$/m);
    expect(mail).toContain('The engine was away.');
    const [, to = ''] = /^To: (.*)$/m.exec(mail.replaceAll(/,\n\s+/g, ', ')) ?? [];
    expect(to.split(', ').sort()).toEqual([people['admin']!.email, people['owner']!.email].sort());
    expect(await clock()).toBe(false);
    expect(await dueIn()).toBeNull();
  });

  test('is tried again while the mail server is away, and is no news after a day', async () => {
    await new Promise((resolve) => smtp.close(resolve));
    await fail(0);
    expect(await clock()).toBe(true);
    expect(Number(await dueIn())).toBeGreaterThan(60);
    expect(await clock()).toBe(false);
    await fail(25);
    expect(await clock()).toBe(false);
  });
});
