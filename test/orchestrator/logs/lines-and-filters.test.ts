import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LogBatch, LogFilter, LogLine, LogSource } from '../../../src/orchestrator/port.js';
import { compilePattern } from '../../../src/schema/line-pattern.js';
import { ClusterInstallation } from '../cluster-installation.js';

/** Writes one of each kind of line and stays. The kubelet joins the pieces of a long line without looking at the streams, so nothing is written beside it. */
const SCRIPT = `
echo '{"level":"warn","msg":"slow query","ms":120}'
printf '\\033[31mERROR\\033[0m it broke\\n'
printf 'broken \\377\\376 bytes\\n'
echo to-stderr >&2
sleep 1
head -c 100000 /dev/zero | tr '\\0' x; echo
echo INFO all is said
exec sleep 3600`;

let installation: ClusterInstallation;
let source: LogSource & { serviceId: string };
let replica: string;

beforeAll(async () => {
  installation = await ClusterInstallation.start();
  const id = await installation.deploy({ name: 'speaker', image: 'busybox', command: ['sh', '-c', SCRIPT] });
  await installation.until(id, ({ status }) => status === 'RUNNING');
  const [pod] = await installation.pods(id);
  source = { serviceId: id, namespace: pod!.metadata.namespace! };
  replica = pod!.metadata.name;
  await installation.eventually(() => history(), (lines) => lines.length === 6);
}, 90_000);
afterAll(() => installation?.stop());

const history = async (filter: LogFilter = {}): Promise<LogLine[]> => (await installation.orchestrator.history(source, {}, filter, AbortSignal.timeout(20_000))).lines;

/** The first batch of a live reader that begins with what there is. */
async function live(filter: LogFilter): Promise<LogLine[]> {
  const leaving = new AbortController();
  const batches: LogBatch[] = [];
  for await (const batch of installation.orchestrator.follow(source, { tail: 100 }, filter, AbortSignal.any([leaving.signal, AbortSignal.timeout(20_000)]))) {
    batches.push(batch);
    leaving.abort();
  }
  return batches.flatMap(({ lines }) => lines);
}

const messages = (lines: LogLine[]): string[] => lines.map(({ message }) => message.slice(0, 20));

test('every kind of line is told as what it is', async () => {
  const lines = await history();
  const [json, colored, broken, long, toStderr, info] = ['slow', 'it broke', 'bytes', 'xxx', 'stderr', 'all is said'].map((text) => lines.find(({ raw }) => raw.includes(text))!);
  const plain = { replica, stream: null, fields: null, cut: false, level: null, deploymentId: expect.any(String), timestamp: expect.any(Date), cursor: expect.any(String), origin: { run: expect.any(String), ns: expect.any(BigInt), ordinal: expect.any(Number) } };
  expect(json).toEqual({ ...plain, level: 'WARN', message: 'slow query', fields: { ms: 120 }, raw: '{"level":"warn","msg":"slow query","ms":120}' });
  expect(colored).toEqual({ ...plain, level: 'ERROR', message: 'ERROR it broke', raw: '\u001b[31mERROR\u001b[0m it broke' });
  expect(broken).toMatchObject({ message: 'broken \ufffd\ufffd bytes' });
  expect(long).toMatchObject({ message: 'x'.repeat(65_536), cut: true });
  expect(toStderr).toMatchObject({ message: 'to-stderr', cut: false });
  expect(info).toMatchObject({ level: 'INFO', cut: false });
});

describe('a filter holds for old lines and in the live stream:', () => {
  test.each<[string, () => LogFilter, string[]]>([
    ['text, in a message', () => ({ text: 'slow query' }), ['slow query']],
    ['text, in the fields of a JSON line', () => ({ text: '"ms":120' }), ['slow query']],
    ['text, across colours', () => ({ text: 'ERROR it' }), ['ERROR it broke']],
    ['regex', () => ({ regex: compilePattern('^(ERROR|slow) ') }), ['ERROR it broke', 'slow query']],
    ['level and worse', () => ({ level: 'WARN' }), ['ERROR it broke', 'slow query']],
    ['replica', () => ({ replica, text: 'said' }), ['INFO all is said']],
    ['another replica', () => ({ replica: 'nobody' }), []],
    ['another deployment', () => ({ deploymentId: '01900000-0000-7000-8000-000000000000' }), []],
  ])('%s', async (_name, filter, wanted) => {
    expect(messages(await history(filter())).sort()).toEqual(wanted);
    if (wanted.length > 0) expect(messages(await live(filter())).sort()).toEqual(wanted);
  });
});

test('a filter by stream gives that stream alone, or says that the cluster cannot tell', async () => {
  if (await tellsStreams()) {
    for (const read of [history, live]) {
      expect((await read({ stream: 'stderr' })).map(({ message, stream }) => [message, stream])).toEqual([['to-stderr', 'stderr']]);
      const stdout = await read({ stream: 'stdout' });
      expect([stdout.length, new Set(stdout.map(({ stream }) => stream)), messages(stdout).includes('to-stderr')]).toEqual([5, new Set(['stdout']), false]);
    }
  } else {
    for (const read of [history, live]) await expect(read({ stream: 'stderr' })).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('PodLogsQuerySplitStreams') });
  }
});

/** Whether the cluster that the tests were given has the gate; the embedded node has. */
async function tellsStreams(): Promise<boolean> {
  const metrics = await new Response(await installation.direct.stream('/metrics', 'Metrics', {}, AbortSignal.timeout(20_000))).text();
  return /kubernetes_feature_enabled\{name="PodLogsQuerySplitStreams"[^}]*\} 1/.test(metrics);
}
