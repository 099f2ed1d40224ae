/**
 * How fast `GET /api/services` is with 20 services, against express and pg by hand (rest-list/bare-server.ts) on the same
 * database: in turns, in one run. The last line is the median of the rounds' ratios. The limit for each address is on, but
 * never reached.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import pg from 'pg';
import { freePort, startProgram, stopProgram } from './rest-list/program.ts';
import { seedServices } from './rest-list/seed.ts';

const ROWS = 20;
const ROUNDS = Number(process.env.APEX_BENCH_ROUNDS ?? 12);
const SECONDS = Number(process.env.APEX_BENCH_SECONDS ?? 3);
const CONNECTIONS = 10;

async function main(): Promise<void> {
  const admin = process.env.TEST_DATABASE_URL;
  if (!admin) throw new Error('TEST_DATABASE_URL is not set: run this with "./apex bench rest-list".');
  const home = mkdtempSync(join(tmpdir(), 'apex-bench-'));
  const name = `apex_bench_${randomBytes(6).toString('hex')}`;
  await query(admin, `create database ${name}`);
  const database = Object.assign(new URL(admin), { pathname: `/${name}` }).href;
  const programs: Awaited<ReturnType<typeof startProgram>>[] = [];
  try {
    const [port, barePort] = [await freePort(), await freePort()];
    const env = { DATABASE_URL: database, APEX_HOME: home, APEX_PORT: String(port), APEX_SECRET_KEY: randomBytes(32).toString('base64'), APEX_NO_CLUSTER: '1', APEX_RATE_LIMIT: '1000000000', APEX_INGRESS_URL: 'http://apex.localhost:8080', APEX_LOG_LEVEL: 'warn' };
    const first = await startProgram(['dist/main.js'], env, `http://127.0.0.1:${port}/readyz`);
    await stopProgram(first.child);
    programs.push(await startProgram(['dist/main.js'], env, `http://127.0.0.1:${port}/readyz`));
    console.log(`apex ready in ${first.milliseconds.toFixed(0)} ms at its first boot, in ${programs[0]!.milliseconds.toFixed(0)} ms afterwards`);
    programs.push(await startProgram(['bench/rest-list/bare-server.ts'], { DATABASE_URL: database, PORT: String(barePort) }, `http://127.0.0.1:${barePort}/api/services`, 401));
    await seedServices(database, ROWS);
    const { token } = JSON.parse(readFileSync(join(home, 'credentials.json'), 'utf8')) as { token: string };
    const targets = { apex: `http://127.0.0.1:${port}/api/services`, bare: `http://127.0.0.1:${barePort}/api/services` };
    await compareAnswers(targets, token);
    await compare(targets, token);
  } finally {
    for (const { child } of programs) await stopProgram(child);
    await query(admin, `drop database ${name} with (force)`);
    rmSync(home, { recursive: true, force: true });
  }
}

async function compareAnswers({ apex, bare }: { apex: string; bare: string }, token: string): Promise<void> {
  const [ours, theirs] = await Promise.all([apex, bare].map(async (url) => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text()));
  if (ours !== theirs) throw new Error(`The answers differ:\n${ours?.slice(0, 1200)}\n${theirs?.slice(0, 1200)}`);
  if ((JSON.parse(ours!) as unknown[]).length !== ROWS) throw new Error('The list is not whole');
  console.log(`both answer the same ${ours!.length} bytes`);
}

async function compare({ apex, bare }: { apex: string; bare: string }, token: string): Promise<void> {
  const run = async (url: string, duration: number): Promise<number> => {
    const result = await autocannon({ url, connections: CONNECTIONS, duration, headers: { authorization: `Bearer ${token}` } });
    if (result.non2xx || result.errors || result.timeouts) throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} errors`);
    return result.requests.total / result.duration;
  };
  await run(apex, SECONDS);
  await run(bare, SECONDS);
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const order = round % 2 ? [apex, bare] : [bare, apex];
    const rates = new Map<string, number>();
    for (const url of order) rates.set(url, await run(url, SECONDS));
    ratios.push(rates.get(apex)! / rates.get(bare)!);
    console.log(`round ${round}: apex ${rates.get(apex)!.toFixed(0)}/s, bare ${rates.get(bare)!.toFixed(0)}/s, ratio ${ratios.at(-1)!.toFixed(3)}`);
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const median = (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
  const [low, high] = medianInterval(sorted);
  console.log(`median of ${ROUNDS} rounds, 95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}`);
  console.log(`rest-list ratio ${median.toFixed(3)}`);
}

/** Ranks between which the true median lies with 95 %, whatever the distribution (binomial). */
function medianInterval(sorted: readonly number[]): [number, number] {
  const n = sorted.length;
  const half = 0.98 * Math.sqrt(n);
  const low = Math.max(0, Math.floor(n / 2 - half));
  return [sorted[low]!, sorted[n - 1 - low]!];
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

await main();
