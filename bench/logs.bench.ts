/**
 * What a live log costs with 1 to 1,024 readers: Apex (a container's lines of 100 bytes, 100 a second, through the cluster)
 * against a raw ws broadcast, stock graphql-ws and `kubectl logs -f`, in one run on one machine. Memory is what the server
 * holds for each reader after a collection of garbage; CPU is the server's for each line that arrived at a reader.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ApexUnderTest } from './logs/apex-server.ts';
import { ApiServer } from './logs/api-server.ts';
import { followWithKubectl } from './logs/kubectl-readers.ts';
import { MeasuredProcess, type Usage } from './logs/measured-process.ts';
import type { OpenReaders, ReadersReport } from './logs/readers.ts';

const SIZES = (process.env.APEX_BENCH_READERS ?? '1,4,16,64,256,1024').split(',').map(Number);
const SECONDS = Number(process.env.APEX_BENCH_SECONDS ?? 6);
/** The p99 of one window varies by more than what is looked for. */
const ROUNDS = 9;
/** Readers that have left are forgotten by then. */
const AFTER_MS = 3_000;
const MOST_KUBECTL = 64;
const STEADY = 'i=0; while :; do i=$((i+1)); printf "%-99s\\n" "line $i"; usleep 8500; done';
/** Fast enough to fill what the kernel keeps for a reader that has stopped. */
const TORRENT = 'i=0; while :; do j=0; while [ $j -lt 60 ]; do i=$((i+1)); j=$((j+1)); printf "%-99s\\n" "line $i"; done; usleep 20000; done';

interface Measured extends ReadersReport {
  bytes: number;
  rss: number;
  microseconds: number;
}

class Readers {
  readonly #process = new MeasuredProcess([join(import.meta.dirname, 'logs', 'readers.ts')], {}, false);
  open = (wanted: OpenReaders): Promise<unknown> => this.#process.ask(wanted);
  report = (): Promise<ReadersReport> => this.#process.ask('report');
  tell = (word: 'reset' | 'pause' | 'resume' | 'close'): Promise<unknown> => this.#process.ask(word);
  stop = (): Promise<void> => this.#process.stop();
  freeze = (): boolean => this.#process.child.kill('SIGSTOP');
  thaw = (): boolean => this.#process.child.kill('SIGCONT');
}

const failures: string[] = [];
const show = (label: string, { p50, p99, bytes, rss, microseconds, unannounced, dropped, delivered }: Measured): void =>
  console.log(`  ${label.padEnd(8)} p50 ${p50.toFixed(0)} ms  p99 ${p99.toFixed(0)} ms  memory ${(bytes / 1024).toFixed(1)} KiB a reader (resident ${(rss / 1024).toFixed(1)})  cpu ${microseconds.toFixed(2)} us a line  delivered ${delivered}  dropped ${dropped}  unannounced ${unannounced}`);

async function measure(server: MeasuredProcess, wanted: OpenReaders): Promise<Measured> {
  const readers = new Readers();
  const before = await server.usage();
  let report: ReadersReport;
  let cpu: number;
  let full: Usage;
  try {
    await readers.open(wanted);
    await pause(2_000);
    await readers.tell('reset');
    const from = await server.cpuSeconds();
    await pause(SECONDS * 1000);
    cpu = (await server.cpuSeconds()) - from;
    report = await readers.report();
    full = await server.usage();
  } finally {
    await readers.stop();
  }
  await pause(AFTER_MS);
  // What a server holds changes by itself too, so what was there before is looked at from both sides.
  const without = (await server.usage()).live;
  return { ...report, bytes: (full.live - (before.live + without) / 2) / wanted.count, rss: (full.rss - before.rss) / wanted.count, microseconds: (cpu * 1e6) / Math.max(1, report.delivered) };
}

async function peer(mode: 'raw' | 'stock', count: number): Promise<Measured> {
  const server = new MeasuredProcess([join(import.meta.dirname, 'logs', 'peer-server.ts'), mode]);
  try {
    const [{ url }] = (await once(server.child, 'message')) as [{ url: string }];
    // Its own code is loaded and warm, as the other's is.
    await warm({ open: mode === 'raw' ? 'raw' : 'graphql', url, count: 1, serviceId: 'any' });
    return await measure(server, { open: mode === 'raw' ? 'raw' : 'graphql', url, count, serviceId: 'any' });
  } finally {
    await server.stop();
  }
}

async function warm(wanted: OpenReaders): Promise<void> {
  const readers = new Readers();
  await readers.open(wanted);
  await pause(500);
  await readers.stop();
}

/** p99 of fast readers, alone and beside slow and stopped ones, in turns; and the sums of them all. */
async function stalled(apex: ApexUnderTest, serviceId: string): Promise<void> {
  const wanted = { open: 'graphql', url: apex.url.replace('http', 'ws') + '/graphql', token: apex.token, serviceId } as const;
  const fast = new Readers();
  await fast.open({ ...wanted, count: 16 });
  const p99s: { alone: number[]; beside: number[] } = { alone: [], beside: [] };
  const window = async (into: number[]): Promise<void> => {
    await fast.tell('reset');
    await pause(SECONDS * 1000);
    into.push((await fast.report()).p99);
  };
  const [slow, stopped] = [new Readers(), new Readers()];
  await slow.open({ ...wanted, count: 8 });
  await stopped.open({ ...wanted, count: 8 });
  const memory = await apex.process.usage();
  for (let round = 0; round < ROUNDS; round += 1) {
    await window(p99s.alone);
    stopped.freeze();
    let going = true;
    const breathing = (async () => {
      for (; going; await pause(200)) await slow.tell('pause'), await pause(800), await slow.tell('resume');
    })();
    // What the kernel keeps for them is full by then.
    await pause(6_000);
    await window(p99s.beside);
    if (round === ROUNDS - 1) {
      const full = await apex.process.usage();
      console.log(`  8 slow and 8 stopped readers cost ${((full.live - memory.live) / 1024 / 16).toFixed(0)} KiB each`);
    }
    going = false;
    await breathing;
    stopped.thaw();
    await pause(4_000);
  }
  const reports = { fast: await fast.report(), slow: await slow.report(), stopped: await stopped.report() };
  for (const [name, { delivered, dropped, unannounced, gaps }] of Object.entries(reports)) {
    console.log(`  ${name.padEnd(8)} dropped ${dropped}  unannounced ${unannounced}  gaps ${gaps}  (last window: ${delivered} lines)`);
    if (unannounced !== 0) failures.push(`${name} readers: ${unannounced} lines are unaccounted for`);
  }
  const ratio = median(p99s.beside) / median(p99s.alone);
  console.log(`  p99 of the fast ones: ${p99s.alone.map(Math.round).join(', ')} ms alone, ${p99s.beside.map(Math.round).join(', ')} ms beside them: ${ratio.toFixed(2)} x`);
  if (reports.stopped.dropped === 0) failures.push('the stopped readers lost nothing, so nothing was shown');
  if (ratio > 1.1) failures.push(`stopped readers move the others' p99 by ${ratio.toFixed(2)} x`);
  await Promise.all([fast.stop(), slow.stop(), stopped.stop()]);
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

async function main(): Promise<void> {
  const { TEST_DATABASE_URL: admin, APEX_NODE_DIR, KUBECONFIG } = process.env;
  if (!admin) throw new Error('TEST_DATABASE_URL is not set: run this with "./apex bench logs".');
  const api = new ApiServer(KUBECONFIG || join(APEX_NODE_DIR ?? '/var/lib/apex-node', 'kubeconfig'));
  const apex = new ApexUnderTest(admin);
  await apex.start();
  try {
    const serviceId = await apex.writer('writer', STEADY);
    const namespace = await apex.namespace();
    const pod = api.kubectl('get', 'pods', '-n', namespace, '-o', 'name').trim().split('\n')[0]!.replace('pod/', '');
    let line = '';
    for (const count of SIZES) {
      console.log(`${count} ${count === 1 ? 'reader' : 'readers'}`);
      const raw = await peer('raw', count);
      show('raw ws', raw);
      const stock = await peer('stock', count);
      show('stock', stock);
      const wanted: OpenReaders = { open: 'graphql', url: apex.url.replace('http', 'ws') + '/graphql', token: apex.token, serviceId, count };
      const cpu = api.cpuSeconds();
      const began = performance.now();
      const looks: number[] = [];
      const looking = setInterval(() => void looks.push(api.followsOf(namespace) ?? api.follows()), 2_000);
      const ours = await measure(apex.process, wanted);
      clearInterval(looking);
      const upstream = Math.max(...looks);
      const all = api.follows();
      show('apex', ours);
      const used = api.cpuSeconds();
      if (cpu !== null && used !== null) console.log(`  upstream follows ${upstream} (of all that the API server counts: ${all}), API server ${(((used - cpu) / (performance.now() - began)) * 1e5).toFixed(1)} % of a processor`);
      if (count <= MOST_KUBECTL) {
        const from = api.cpuSeconds();
        const since = performance.now();
        const { p99, lines } = await followWithKubectl(api.kubeconfig, namespace, pod, count, SECONDS);
        console.log(`  kubectl  p99 ${p99.toFixed(0)} ms  delivered ${lines}  API server ${((((api.cpuSeconds() ?? 0) - (from ?? 0)) / (performance.now() - since)) * 1e5).toFixed(1)} % of a processor`);
      }
      const ratios = { memory: ours.bytes / raw.bytes, ofStock: ours.bytes / stock.bytes, cpu: ours.microseconds / raw.microseconds };
      console.log(`  memory ${ratios.memory.toFixed(2)} x raw ws, ${ratios.ofStock.toFixed(2)} x stock; cpu ${ratios.cpu.toFixed(2)} x raw ws`);
      if (ours.unannounced !== 0) failures.push(`${count} readers: ${ours.unannounced} lines are unaccounted for`);
      if (upstream !== 1) failures.push(`${count} readers: ${upstream} upstream follows`);
      if (count === Math.max(...SIZES)) {
        if (ours.p99 >= 250) failures.push(`p99 is ${ours.p99.toFixed(0)} ms`);
        if (ratios.memory > 3.5) failures.push(`memory is ${ratios.memory.toFixed(2)} x raw ws`);
        if (ratios.ofStock > 0.6) failures.push(`memory is ${ratios.ofStock.toFixed(2)} x stock graphql-ws`);
        if (ratios.cpu > 1) failures.push(`cpu is ${ratios.cpu.toFixed(2)} x raw ws`);
        line = `readers ${count} upstream ${upstream} p99 ${ours.p99.toFixed(0)} memory ${ratios.memory.toFixed(2)} cpu ${ratios.cpu.toFixed(2)} unannounced ${ours.unannounced}`;
      }
    }
    if (!process.env.APEX_BENCH_READERS) {
      console.log('fast, slow and stopped readers of 3,000 lines a second');
      await stalled(apex, await apex.writer('torrent', TORRENT));
    }
    for (const failure of failures) console.log(`  not as it should be: ${failure}`);
    console.log(line);
    console.log(`logs: ${failures.length === 0 ? 'pass' : 'fail'}`);
    process.exitCode = failures.length === 0 ? 0 : 1;
  } finally {
    await apex.stop(api);
  }
}

await main();
