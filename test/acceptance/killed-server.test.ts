import { afterAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { restClient, until, visit } from './rest-client.js';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('an installation of two commands', () => {
  const home = mkdtempSync(join(tmpdir(), 'apex-acceptance-'));
  const environment = { ...process.env, APEX_HOME: home, DATABASE_URL: '' };
  const apex = (...words: string[]) => run(join(ROOT, 'apex'), words, { env: environment, timeout: 170_000, maxBuffer: 1 << 24 });

  afterAll(async () => {
    await apex('down', '--purge');
    rmSync(home, { recursive: true, force: true });
  }, 180_000);

  it('prints a first deploy that can be pasted, and finishes a deploy in whose middle the server was killed', async () => {
    const port = await freePort();
    const up = await apex('up', '--detach', '--port', String(port));
    expect(statSync(join(home, 'credentials.json')).mode & 0o777).toBe(0o600);
    const { url, token } = JSON.parse(readFileSync(join(home, 'credentials.json'), 'utf8'));
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(up.stdout + up.stderr).not.toContain(token);

    const printed = /^ *curl [^]*?'\{[^']*\}'$/m.exec(up.stdout)?.[0];
    expect(printed).toBeDefined();
    const pasted = await run('bash', ['-c', printed!], { cwd: ROOT, timeout: 30_000 });
    const hello = JSON.parse(pasted.stdout);
    expect(hello).toMatchObject({ name: 'hello', image: 'apex.local/hello' });

    const rest = restClient(url, token);
    expect(await rest.endOfDeployment(hello.latestDeployment.id)).toMatchObject({ state: 'LIVE' });
    await until('hello is served at its URL', () => visit(hello.url), ({ status, text }) => status === 200 && /hello/i.test(text));

    const { body: second } = await rest.post('/api/deploy', { name: 'interrupted', image: 'apex.local/hello', containerPort: 8080, replicas: 2 });
    const { server } = JSON.parse(readFileSync(join(home, 'processes.json'), 'utf8'));
    process.kill(server.pid, 'SIGKILL');
    await apex('up', '--detach', '--port', String(port));

    expect(await rest.endOfDeployment(second.latestDeployment.id)).toMatchObject({ state: 'LIVE' });
    const { body: deployments } = await rest.get(`/api/services/${second.id}/deployments`);
    expect(deployments).toHaveLength(1);
    await until('it runs', () => rest.get(`/api/services/${second.id}`), ({ body }) => body.status === 'RUNNING' && body.readyReplicas === 2);
  }, 300_000);
});
