import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { visit } from '../acceptance/rest-client.js';
import { TcpProxy } from '../orchestrator/tcp-proxy.js';
import { ApexCommand, freePort, outcome, untilPrinted } from './apex-command.js';

const apex = new ApexCommand();

beforeAll(async () => {
  const { code, stderr } = await apex.run(['up', '--detach', '--port', String(await freePort())]);
  expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' });
}, 120_000);
afterAll(() => apex.dispose(), 120_000);

it('deploy shows the rollout to its end and prints the address, which serves', async () => {
  const { code, stdout, stderr } = await apex.run(['deploy', 'web', '--image', 'apex.local/hello', '--port', '8080', '--public', '--env', 'COLOUR=blue']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^web is live \(.*\)$/m) });
  expect(await visit(stdout.trim())).toMatchObject({ status: 200, text: expect.stringMatching(/hello/i) });
});

it('deploy of a name that exists changes that service', async () => {
  expect(await apex.run(['deploy', 'web', '--replicas', '2', '--env', 'COLOUR=red'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/^web is live/m) });
  const { stdout } = await apex.run(['services']);
  const [headings, ...rows] = stdout.trim().split('\n');
  expect(headings).toMatch(/^NAME +STATUS +READY +IMAGE +ENVIRONMENT +URL$/);
  expect(rows).toEqual([expect.stringMatching(/^web +\w+ +[12]\/2 +apex\.local\/hello +production +http:\/\/web\./)]);
});

it('logs shows the lines, and with -f goes on until Ctrl-C', async () => {
  const { code, stdout } = await apex.run(['logs', 'web', '--tail', '50']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d{4}-\S+Z web-\S+ .*COLOUR/m);

  const following = apex.start(['logs', 'web', '--follow']);
  await untilPrinted(following.stdout!, 'COLOUR');
  const ended = new Promise((resolve) => following.once('close', resolve));
  following.kill('SIGINT');
  expect(await ended).toBe(0);
});

it('logs -f goes on behind the last line after a cut: every line once', async () => {
  const { url, token } = apex.json<{ url: string; token: string }>('credentials.json');
  const address = /http:\/\/web\.\S+/.exec((await apex.run(['services'])).stdout)![0];
  const proxy = await TcpProxy.to('127.0.0.1', Number(new URL(url).port));
  const following = apex.start(['logs', 'web', '-f', '--tail', '1'], { APEX_URL: `http://127.0.0.1:${proxy.port}`, APEX_TOKEN: token });
  const ended = outcome(following);
  try {
    await untilPrinted(following.stdout!, ' web-');
    const before = proxy.connections;
    const writing = visit(address, '/stream?lines=200&every=5ms');
    await untilPrinted(following.stdout!, 'line 20 of 200');
    proxy.cut();
    await untilPrinted(following.stdout!, 'line 200 of 200');
    await writing;
    expect(proxy.connections).toBeGreaterThan(before);
  } finally {
    following.kill('SIGINT');
    await proxy.close();
  }
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  expect([...stdout.matchAll(/ line (\d+) of 200$/gm)].map(([, number]) => Number(number))).toEqual(Array.from({ length: 200 }, (_none, index) => index + 1));
});

it('releases lists what ran, and rollback goes back to the one before', async () => {
  const column = (stdout: string, index: number) => stdout.trim().split('\n').map((row) => row.split(/ {2,}/)[index]);
  const { stdout } = await apex.run(['releases', 'web']);
  expect([column(stdout, 0), column(stdout, 1)]).toEqual([['RELEASE', '2', '1'], ['SERVES', 'yes', 'apex.local/hello']]);
  expect(await apex.run(['rollback', 'web'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/^web is live/m) });
  expect((await apex.run(['releases', 'web'])).stdout).toMatch(/^1 +yes /m);
  expect(await apex.run(['rollback', 'web'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no release before the one that serves') });
  expect(await apex.run(['rollback', 'web', '--release', '2'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/^web is live/m) });
});

it('promote runs it in another environment, which must be there', async () => {
  expect(await apex.run(['promote', 'web', '--to', 'nowhere'])).toMatchObject({ code: 1, stderr: expect.stringContaining('toEnvironment: does not exist in this team') });
  const { url, token } = apex.json<{ url: string; token: string }>('credentials.json');
  const query = 'mutation { createEnvironment(input: { name: "staging" }) { name } }';
  const made = await fetch(`${url}/graphql`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ query }) });
  expect(await made.json()).toEqual({ data: { createEnvironment: { name: 'staging' } } });
  expect(await apex.run(['promote', 'web', '--to', 'staging'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/^web in staging is live/m) });
  expect((await apex.run(['services'])).stdout).toMatch(/^web .* staging/m);
  expect(await apex.run(['rm', 'web', '--environment', 'staging'])).toMatchObject({ code: 0 });
});

it('logs searches what is kept, also when the service no longer runs', async () => {
  expect(await apex.run(['pause', 'web'])).toMatchObject({ code: 0 });
  const search = async (): Promise<string> => (await apex.run(['logs', 'web', '--since', '1h', '--search', 'COLOUR', '--tail', '5'])).stdout;
  let found = await search();
  for (const end = Date.now() + 30_000; found === '' && Date.now() < end; ) found = await search();
  expect(found).toMatch(/^(\d{4}-\S+Z web-\S+ .*COLOUR.*\n)+$/);
  expect((await apex.run(['logs', 'web', '--search', 'nobody wrote this'])).stdout).toBe('');
  expect(await apex.run(['logs', 'web', '--since', 'yesterday'])).toMatchObject({ code: 1, stderr: expect.stringContaining('90s, 15m, 2h') });
  expect(await apex.run(['resume', 'web'])).toMatchObject({ code: 0 });
});

it('pause, resume, redeploy and rm do as they say', async () => {
  expect(await apex.run(['pause', 'web'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web is PAUSED/) });
  expect(await apex.run(['resume', 'web'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web is (DEPLOYING|RUNNING|PENDING)/) });
  expect(await apex.run(['redeploy', 'web'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/^web is live/m) });
  expect(await apex.run(['rm', 'web'])).toMatchObject({ code: 0, stdout: 'web is deleted\n' });
  expect((await apex.run(['services'])).stdout).toBe('NAME  STATUS  READY  IMAGE  ENVIRONMENT  URL\n');
});

it.each([
  [['deploy', 'bad', '--image', 'apex.local/hello', '--replicas', '1000'], /^ {2}input\.replicas: must be a whole number from 0 to 100$/m],
  [['deploy', 'bad', '--image', 'apex.local/nothing-like-it'], /^apex: The deployment ended as FAILED: .*apex\.local\/nothing-like-it.*$/m],
  [['deploy', 'bad', '--env', 'NOVALUE'], /A variable is written KEY=value\.$/m],
  [['pause', 'web'], /^apex: There is no service "web": "\.\/apex services" lists them\.$/m],
])('%j says what is wrong', async (args, sentence) => {
  const { code, stderr } = await apex.run(args);
  expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
});

it.each([
  [{ APEX_HOME: '/nowhere' }, /^apex: There are no credentials in \/nowhere\/credentials\.json: start the installation with "\.\/apex up", or set APEX_URL and APEX_TOKEN to use another one\.$/m],
  [{ APEX_URL: 'http://127.0.0.1:9', APEX_TOKEN: 'x' }, /^apex: http:\/\/127\.0\.0\.1:9 does not answer \(.+\): look at "\.\/apex status", and start it with "\.\/apex up"\.$/m],
  [{ APEX_URL: 'http://127.0.0.1:9' }, /^apex: APEX_URL and APEX_TOKEN belong together/m],
])('without a server: %j', async (env, sentence) => {
  const { code, stderr } = await apex.run(['services'], env);
  expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
});
