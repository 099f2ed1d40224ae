import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { until, visit } from '../acceptance/rest-client.js';
import { Installation, type ServerProcess } from '../faults/server-process.js';
import { startBrowser } from './browser.js';

const EMAIL = 'operator@example.com';
const PASSWORD = 'correct horse battery';
const BUSY = ['queued', 'preparing', 'rolling out'];

/** Run in the page: `seen` holds each state that the newest deployment was shown in, however short. */
const SEE_STATES = `
  globalThis.seen = new Set();
  new MutationObserver(() => seen.add(document.querySelector('.deployments > li .status')?.textContent ?? ''))
    .observe(document.body, { subtree: true, childList: true, characterData: true });`;

describe('the dashboard, in a browser', () => {
  let installation: Installation;
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let serviceUrl: string;
  const faults: string[] = [];

  beforeAll(async () => {
    installation = await Installation.make();
    [server, browser] = await Promise.all([installation.server(), startBrowser()]);
    const { body } = await server.rest.post('/api/deploy', { name: 'web', image: 'apex.local/hello', containerPort: 8080, public: true });
    await until('it runs', () => server.rest.get(`/api/services/${body.id}`), (answer) => answer.body.status === 'RUNNING', 90);
    serviceUrl = body.url;
    page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => /content security policy/i.test(message.text()) && faults.push(message.text()));
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  }, 120_000);

  const log = (): Locator => page.getByRole('log');
  const shown = async (pattern: RegExp): Promise<number[]> => [...(await log().innerText()).matchAll(pattern)].map(([, number]) => Number(number));
  const writeLines = (lines: number, every: string): Promise<unknown> => visit(serviceUrl, `/stream?lines=${lines}&every=${every}`);

  it('is entered the first time with the token of the installation, and shows what runs', async () => {
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('link', { name: /first time here/ }).click();
    await page.getByLabel('Token').fill(server.token);
    await page.getByLabel('E-mail address').fill(EMAIL);
    await page.getByLabel('New password').fill('short');
    await page.getByRole('button', { name: /Set the password/ }).click();
    await page.locator('.fault').waitFor();
    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByRole('button', { name: /Set the password/ }).click();
    const row = page.getByRole('row', { name: /web/ });
    await row.getByText('running', { exact: true }).waitFor();
    expect(await row.getByRole('link', { name: serviceUrl }).getAttribute('href')).toBe(serviceUrl);
  }, 120_000);

  it('shows log lines as they come, and those that one looks for', async () => {
    await page.getByRole('link', { name: 'web', exact: true }).click();
    await page.getByText('following', { exact: true }).waitFor();
    await writeLines(5, '1ms');
    await log().getByText('line 5 of 5').waitFor();
    expect(await shown(/line (\d) of 5/g)).toEqual([1, 2, 3, 4, 5]);

    await page.getByLabel('Text').fill('line 3 of');
    await log().getByText('line 4 of 5').waitFor({ state: 'detached' });
    await log().getByText('line 3 of 5').waitFor();
    expect(await shown(/line (\d) of 5/g)).toEqual([3]);
    await page.getByLabel('Text').fill('');
    await log().getByText('line 5 of 5').waitFor();
  }, 120_000);

  it('goes on with the log where it was when the server was killed: no line is missing, none is there twice', async () => {
    await page.getByText('following', { exact: true }).waitFor();
    const written = writeLines(300, '20ms');
    await log().getByText('line 40 of 300').waitFor();
    await server.signal('SIGKILL');
    await page.getByText('connecting again …').waitFor();
    await server.start();
    await written;
    await log().getByText('line 300 of 300').waitFor();
    await page.getByText('following', { exact: true }).waitFor();
    expect(await shown(/line (\d+) of 300/g)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(await log().locator('.lost').count()).toBe(0);
  }, 120_000);

  it('stays small when much is written, and accounts for every line', async () => {
    await page.getByLabel('Text').fill('of 4000');
    await log().getByText('No line like this').waitFor();
    await writeLines(4_000, '10us');
    await log().getByText('line 4000 of 4000').waitFor();
    const counts = async (what: string): Promise<number> => (await log().getByText(what).allInnerTexts()).reduce((sum, text) => sum + Number(/\d+/.exec(text)?.[0]), 0);
    const kept = await log().locator('.line').count();
    expect(kept).toBeLessThanOrEqual(2_000);
    expect(kept + (await counts('not kept in this page')) + (await counts('lost here'))).toBe(4_000);
    await page.getByLabel('Text').fill('');
    await log().getByText('GET "/stream"').last().waitFor();
  }, 120_000);

  it('stays where one has scrolled to, until one goes on', async () => {
    const above = (): Promise<number> => page.evaluate<number>("document.querySelector('.log').scrollTop");
    expect(await above()).toBeGreaterThan(1_000);
    await page.evaluate("document.querySelector('.log').scrollTop = 40");
    await page.getByText('held', { exact: true }).waitFor();
    await writeLines(7, '1ms');
    await log().getByText('line 7 of 7').waitFor({ state: 'attached' });
    expect(await above()).toBeLessThan(1_000);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('following', { exact: true }).waitFor();
    expect(await above()).toBeGreaterThan(1_000);
  }, 120_000);

  it('redeploys by a button and shows the rollout until it serves', async () => {
    const newest = page.locator('.deployments > li').first();
    expect(await page.locator('.deployments > li').count()).toBe(1);
    await page.evaluate(SEE_STATES);
    await page.getByRole('button', { name: 'Redeploy' }).click();
    await newest.getByText(/redeployed by Operator/).waitFor();
    await newest.getByText('serves now').waitFor();
    await newest.getByText('live', { exact: true }).waitFor();
    await newest.getByText(/Roll out: done/).waitFor();
    const seen = await page.evaluate<string[]>('[...seen]');
    expect(seen.filter((state) => BUSY.includes(state))).not.toEqual([]);
    expect(await page.locator('.deployments > li').count()).toBe(2);
  }, 120_000);

  it('finds lines that were written before', async () => {
    await page.getByRole('button', { name: 'Search older lines' }).click();
    const older = page.getByRole('region', { name: 'Older lines of web' });
    await page.getByRole('search').getByLabel('Text').fill('line 299 of');
    const search = async (): Promise<number> => {
      await page.getByRole('search').getByRole('button', { name: 'Search' }).click();
      await older.getByText(/line 299 of 300|no line like this/).waitFor();
      return older.getByText('line 299 of 300').count();
    };
    await until('the line is kept', search, (count) => count === 1);
    await page.getByRole('button', { name: 'Search older lines' }).click();
  }, 120_000);

  it('deploys what one fills in, says what is wrong with it, and takes a change back', async () => {
    await page.getByRole('link', { name: 'Services' }).first().click();
    await page.getByRole('link', { name: 'Deploy a service' }).click();
    await page.getByLabel('Name').fill('Second One');
    await page.getByLabel('Image').fill('apex.local/hello');
    await page.getByLabel('Port').fill('8080');
    await page.getByLabel('Variables').fill('GREETING=first');
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page.locator('.field', { hasText: 'Name' }).locator('.fault').waitFor();
    await page.getByLabel('Name').fill('second');
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page.getByRole('heading', { name: 'second' }).waitFor();
    const deployment = (release: number): Locator => page.locator('.deployments > li', { hasText: `release ${release}` }).first();
    await deployment(1).getByText('serves now').waitFor();

    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Variables').fill('GREETING=second');
    await page.getByRole('form', { name: 'Change the service' }).getByRole('button', { name: 'Change' }).click();
    await deployment(2).getByText('serves now').waitFor();
    await page.getByRole('button', { name: 'Roll back to release 1' }).click();
    await page.getByText(/rolled back by Operator/).waitFor();
    await deployment(1).getByText('serves now').waitFor();

    const status = page.getByRole('heading', { name: 'second' }).locator('..').getByRole('status');
    await page.getByRole('button', { name: 'Pause' }).click();
    await status.getByText('paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await status.getByText('running', { exact: true }).waitFor();
  }, 150_000);

  it('makes a database, and shows what became of it', async () => {
    await page.getByRole('link', { name: 'Databases' }).click();
    await page.getByRole('button', { name: 'New database' }).click();
    await page.getByLabel('Name').fill('cache');
    await page.getByLabel('Engine').selectOption('redis');
    await page.getByRole('button', { name: 'Create' }).click();
    const row = page.getByRole('row', { name: /cache/ });
    await row.getByRole('button', { name: 'Connection' }).click();
    await row.getByText(/^redis:\/\//).waitFor();
    await row.getByText('available', { exact: true }).waitFor();

    await row.getByRole('button', { name: 'Backups' }).click();
    const backups = row.getByRole('region', { name: 'Backups of cache' });
    await backups.getByRole('button', { name: 'Back up now' }).click();
    await backups.getByText('done', { exact: true }).waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), backups.getByRole('button', { name: 'Download' }).click()]);
    expect(file.suggestedFilename()).toMatch(/^cache-.*\.rdb$/);
    expect((await readFile(await file.path())).subarray(0, 5).toString()).toBe('REDIS');
    await backups.getByRole('button', { name: 'Back up on a schedule' }).click();
    await backups.getByLabel('When').fill('every night');
    await backups.getByRole('button', { name: 'Keep the schedule' }).click();
    await backups.getByText(/five fields/).waitFor();
    await backups.getByLabel('When').fill('15 4 * * *');
    await backups.getByRole('button', { name: 'Keep the schedule' }).click();
    await backups.getByText('15 4 * * *').waitFor();
    await backups.getByRole('button', { name: 'Restore', exact: true }).click();
    await backups.getByLabel('Name of the new database').fill('copy');
    await backups.getByRole('button', { name: 'Restore into a new database' }).click();
    await backups.getByRole('status').getByText('done', { exact: true }).waitFor();
    await page.getByRole('row', { name: /^copy/ }).getByText('available', { exact: true }).waitFor();

    await row.getByRole('button', { name: 'Resize', exact: true }).click();
    await row.getByText(/is stopped while its storage grows/).waitFor();
    await row.getByLabel('Storage').fill('1Gi');
    await row.getByRole('button', { name: 'Resize cache' }).click();
    await row.getByText(/must not be less than 5Gi: storage only grows/).waitFor();
    await row.getByLabel('Storage').fill('6Gi');
    await row.getByRole('button', { name: 'Resize cache' }).click();
    await row.getByText('small, 6Gi').waitFor();
    await row.getByText('available', { exact: true }).waitFor();

    await row.getByRole('button', { name: 'Delete', exact: true }).click();
    await row.getByRole('button', { name: 'Delete cache' }).click();
    await row.getByText('deleted', { exact: true }).waitFor();
    await row.getByRole('button', { name: 'Bring back' }).waitFor();
  }, 240_000);

  it('lets who was invited in, and offers nobody what he may not do', async () => {
    const { body: teams } = await server.rest.get('/api/teams');
    const { body: invited } = await server.rest.post(`/api/teams/${teams[0].id}/members`, { email: 'viewer@example.com', role: 'VIEWER' });
    const context = await browser.newContext();
    const theirs = await context.newPage();
    await theirs.goto(invited.inviteUrl);
    await theirs.getByLabel('Your name').fill('A Viewer');
    await theirs.getByLabel('Password').fill(PASSWORD);
    await theirs.getByRole('button', { name: 'Come in' }).click();
    await theirs.getByLabel('Team').selectOption(teams[0].id);
    await theirs.getByRole('link', { name: 'web', exact: true }).waitFor();
    expect(await theirs.getByRole('link', { name: 'Deploy a service' }).count()).toBe(0);
    await theirs.getByRole('link', { name: 'web', exact: true }).click();
    await theirs.getByText('following', { exact: true }).waitFor();
    await theirs.getByText('serves now').waitFor();
    expect(await theirs.getByRole('button', { name: /Redeploy|Pause|Change|Delete|Roll back|Cancel/ }).count()).toBe(0);
    await context.close();
  }, 120_000);

  it('is left by signing out, and nothing in it was against its own rules', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByLabel('E-mail address').fill(EMAIL);
    await page.getByLabel('Password').fill('wrong horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText(/password is wrong/).waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'web' }).or(page.getByRole('heading', { name: 'Services' })).waitFor();
    expect(faults).toEqual([]);
  }, 120_000);
});
