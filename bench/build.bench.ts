/**
 * From a signed delivery to the new commit at the service's URL: without any cache, and with the one that the build before
 * has left. The commit is pushed over HTTP to Git's own server on loopback; the Dockerfile installs 30 MB in 2,000 files
 * and copies a page, which is all that changes from push to push. The last line is the median of the rounds, in seconds.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startGitServer } from '../test/support/git-server.ts';
import { ApexUnderTest } from './logs/apex-server.ts';
import { ApiServer } from './logs/api-server.ts';

const ROUNDS = Number(process.env.APEX_BENCH_ROUNDS ?? 5);
const REPOSITORY = 'acme/web';
/** Compiling BuildKit, on a machine that has never built. */
const COLD_SECONDS = 900;
const SERVING_MS = 300_000;
const LOOK_MS = 20;
const DOCKERFILE = `FROM busybox
RUN mkdir /installed && cd /installed && for n in $(seq 2000); do head -c 15000 /dev/urandom > $n; done
COPY page /www/index.html
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
`;

interface Service {
  id: string;
  url: string;
}

/** What is at the service's address, which is on loopback whatever its name is. */
function look(url: string): Promise<string> {
  const { host, port } = new URL(url);
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port: port || 80, headers: { host }, agent: false, timeout: 5_000 }, (answer) => {
      let text = '';
      answer.on('data', (data) => (text += String(data))).on('end', () => resolve(answer.statusCode === 200 ? text.trim() : ''));
    });
    asked.on('error', () => resolve('')).on('timeout', () => asked.destroy());
    asked.end();
  });
}

async function deliver(address: string, secret: string, before: string, after: string): Promise<void> {
  const repository = { full_name: REPOSITORY, pushed_at: Math.floor(Date.now() / 1000) };
  const body = JSON.stringify({ ref: 'refs/heads/main', before, after, commits: [{ added: [], removed: [], modified: ['page'] }], head_commit: { message: 'Change' }, repository });
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const headers = { 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': randomUUID(), 'x-hub-signature-256': signature };
  const answer = await fetch(address, { method: 'POST', headers, body });
  const { outcome } = (await answer.json()) as { outcome?: string };
  if (outcome !== 'DEPLOYED') throw new Error(`The delivery was answered with ${answer.status} ${outcome}`);
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

async function main(): Promise<void> {
  const { TEST_DATABASE_URL: admin, APEX_NODE_DIR, KUBECONFIG } = process.env;
  if (!admin) throw new Error('TEST_DATABASE_URL is not set: run this with "./apex bench build".');
  const git = await startGitServer();
  const apex = new ApexUnderTest(admin, { APEX_GIT_URL: git.url, APEX_ALLOWED_INTERNAL: git.host });
  await apex.start();
  try {
    let commit = await git.push(REPOSITORY, { Dockerfile: DOCKERFILE, page: 'first' });
    const source = { repository: REPOSITORY, autoDeploy: 'BUILD' };
    const { id, url } = (await apex.call('POST', '/api/deploy', { name: 'web', containerPort: 8080, public: true, source })) as Service;
    console.log('the first build of the machine compiles BuildKit');
    await apex.until('the first commit', async () => (await look(url)) === 'first' || undefined, COLD_SECONDS);
    const { secret } = (await apex.call('POST', `/api/services/${id}/webhook`)) as { secret: string };
    const address = `${apex.url}/api/webhooks/github?service=${id}`;

    /** Seconds from the delivery until the commit serves. */
    const round = async (page: string): Promise<number> => {
      const before = commit;
      commit = await git.push(REPOSITORY, { Dockerfile: DOCKERFILE, page });
      const began = performance.now();
      await deliver(address, secret, before, commit);
      while ((await look(url)) !== page) {
        if (performance.now() - began > SERVING_MS) throw new Error(`${page} does not serve: ${JSON.stringify((await apex.call('GET', `/api/services/${id}/deployments?limit=1`)))}`);
        await pause(LOOK_MS);
      }
      const seconds = (performance.now() - began) / 1000;
      const [deployment] = (await apex.call('GET', `/api/services/${id}/deployments?limit=1`)) as { id: string }[];
      // The pods before have gone by then: the next round does not share the machine with them.
      await apex.until('the deployment', async () => (await apex.call('GET', `/api/deployments/${deployment!.id}`)).state === 'LIVE' || undefined);
      return seconds;
    };
    const figures = { cold: [] as number[], cached: [] as number[] };
    for (let n = 1; n <= ROUNDS; n += 1) {
      rmSync(join(apex.home, 'build-cache', id), { recursive: true });
      figures.cold.push(await round(`cold ${n}`));
      figures.cached.push(await round(`cached ${n}`));
      console.log(`round ${n}: cold ${figures.cold.at(-1)!.toFixed(1)} s, cached ${figures.cached.at(-1)!.toFixed(1)} s`);
    }
    console.log(`build cold ${median(figures.cold).toFixed(1)} s cached ${median(figures.cached).toFixed(1)} s`);
  } finally {
    await apex.stop(new ApiServer(KUBECONFIG || join(APEX_NODE_DIR ?? '/var/lib/apex-node', 'kubeconfig')));
    await git.stop();
  }
}

await main();
