import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { LogBatch, LogFilter, LogLine, LogSource, LogStart } from '../../src/orchestrator/port.js';
import { ClusterInstallation } from './cluster-installation.js';

let installation: ClusterInstallation;
let source: LogSource & { serviceId: string };
let url: string;
beforeAll(async () => {
  installation = await ClusterInstallation.start();
  const id = await installation.deploy({ name: 'talker', image: 'apex.local/hello', containerPort: 8080, public: true, replicas: 2 });
  ({ url } = (await installation.until(id, ({ status }) => status === 'RUNNING')) as { url: string });
  const [pod] = await installation.pods(id);
  source = { serviceId: id, namespace: pod!.metadata.namespace! };
});
afterAll(() => installation.stop());
beforeEach(() => void (installation.calls.length = 0));

const follows = (): number => installation.calls.filter(({ kind }) => kind === 'PodLog').length;

/** A reader that keeps all that it gets. */
class Reader {
  readonly leaving = new AbortController();
  readonly batches: LogBatch[] = [];
  readonly #done: Promise<void>;
  #tell: () => void = () => undefined;

  constructor(from: LogStart, filter: LogFilter = {}, private readonly pause: Promise<void> = Promise.resolve()) {
    this.#done = this.#read(installation.orchestrator.follow(source, from, filter, this.leaving.signal));
  }

  get messages(): string[] {
    return this.batches.flatMap(({ lines }) => lines.map(({ message }) => message));
  }

  get dropped(): number {
    return this.batches.reduce((sum, batch) => sum + batch.dropped, 0);
  }

  get cursor(): string {
    return this.batches.flatMap(({ lines }) => lines).at(-1)!.cursor;
  }

  async until(what: (reader: this) => boolean, seconds = 20): Promise<void> {
    const late = setTimeout(() => this.leaving.abort(), seconds * 1000);
    while (!what(this)) {
      if (this.leaving.signal.aborted) throw new Error(`The reader saw ${JSON.stringify(this.messages.slice(-20))}`);
      await new Promise<void>((resolve) => ((this.#tell = resolve), setTimeout(resolve, 500)));
    }
    clearTimeout(late);
  }

  /** It has its first line, so it follows from now on. */
  async joined(): Promise<this> {
    await this.until(({ batches }) => batches.length > 0);
    return this;
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    await this.#done;
  }

  async #read(batches: AsyncIterable<LogBatch>): Promise<void> {
    for await (const batch of batches) {
      this.batches.push(batch);
      this.#tell();
      await this.pause;
    }
  }
}

/** Makes one replica write numbered lines; answers when they are written. */
async function write(count: number, every = '1ms'): Promise<void> {
  const target = new URL(url);
  const { request } = await import('undici');
  const response = await request(`http://127.0.0.1:${target.port}/stream?lines=${count}&every=${every}`, { headers: { host: target.host } });
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${text}`);
}

/** Until a replica serves again. */
async function answers(): Promise<void> {
  const target = new URL(url);
  const { request } = await import('undici');
  for (const late = AbortSignal.timeout(40_000); ; await delay(100, undefined, { signal: late })) {
    const { statusCode, body } = await request(`http://127.0.0.1:${target.port}/`, { headers: { host: target.host } });
    await body.dump();
    if (statusCode === 200) return;
  }
}

const said = ({ timestamp, replica, message }: LogLine): string => `${timestamp.toISOString()} ${replica} ${message}`;
const numbered = (messages: string[]): string[] => messages.filter((message) => /^(line|stream)\b/i.test(message));

test('history has the lines of all replicas, oldest first, and its bounds are held', async () => {
  const history = await installation.orchestrator.history(source, {}, {}, new AbortController().signal);
  expect(new Set(history.lines.map(({ replica }) => replica)).size).toBe(2);
  const times = history.lines.map(({ timestamp }) => timestamp.getTime());
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(history.lines.some(({ message }) => message.includes('listening on'))).toBe(true);
  // The probes go on writing meanwhile, so what is looked for is what was there at the first look.
  const last = await installation.orchestrator.history(source, { tail: 2 }, {}, new AbortController().signal);
  const later = (await installation.orchestrator.history(source, {}, {}, new AbortController().signal)).lines.map(said);
  const newest = last.lines.map(said);
  expect(later).toEqual(expect.arrayContaining(newest));
  expect(newest).toHaveLength(2);
  const before = new Set(history.lines.map(said));
  expect(later.slice(later.indexOf(newest[0]!) + 1).filter((line) => before.has(line) && !newest.includes(line))).toEqual([]);
  const after = await installation.orchestrator.history(source, { after: history.lines[0]!.cursor }, {}, new AbortController().signal);
  expect(after.lines.map(said).filter((line) => before.has(line))).toEqual(history.lines.slice(1).map(said));
  await expect(installation.orchestrator.history(source, { after: 'nonsense' }, {}, new AbortController().signal)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

test('many readers share one follow for each container, and each gets every line once', async () => {
  const readers = await Promise.all(Array.from({ length: 20 }, () => new Reader({ tail: 1 }).joined()));
  await write(300);
  for (const reader of readers) await reader.until(({ messages }) => numbered(messages).length >= 300);
  for (const reader of readers) expect(new Set(numbered(reader.messages)).size).toBe(300);
  // Two to fill the ring, two to follow.
  expect(follows()).toBe(4);
  await Promise.all(readers.map((reader) => reader.leave()));
});

test('a reader that comes back with its cursor misses nothing and gets nothing twice', async () => {
  // The line before, which each reader begins with, may be of another test.
  const written = ({ messages }: Reader): string[] => numbered(messages).filter((message) => message.endsWith(' of 600'));
  const first = await new Reader({ tail: 1 }).joined();
  const writing = write(600, '2ms');
  await first.until((reader) => written(reader).length >= 100);
  await first.leave();
  const second = new Reader({ after: first.cursor });
  await writing;
  await second.until((reader) => new Set([...written(first), ...written(reader)]).size >= 600);
  const got = [...written(first), ...written(second)];
  expect(got).toHaveLength(600);
  await second.leave();
});

test('a slow reader loses lines, is told how many, and does not slow the others', async () => {
  let go!: () => void;
  const slow = await new Reader({ tail: 1 }, {}, new Promise((resolve) => (go = resolve))).joined();
  const fast = await new Reader({ tail: 1 }).joined();
  await write(6_000, '0ms');
  await fast.until((reader) => numbered(reader.messages).length + reader.dropped >= 6_000);
  expect(fast.dropped).toBe(0);
  go();
  // The access log has a line of its own about the request.
  await Promise.all([slow, fast].map((one) => one.until((reader) => reader.messages.length + reader.dropped >= 6_002)));
  expect(slow.dropped).toBeGreaterThan(0);
  expect(slow.messages.length + slow.dropped).toBe(fast.messages.length);
  await Promise.all([slow.leave(), fast.leave()]);
});

test('a filter holds for old lines and new ones', async () => {
  const [pod] = await installation.pods(source.serviceId);
  const { name } = pod!.metadata;
  const reader = new Reader({ tail: 5 }, { replica: name, text: 'listening' });
  await reader.until(({ messages }) => messages.length === 1);
  expect(reader.batches[0]!.lines[0]!.replica).toBe(name);
  await reader.leave();
});

test('a follow goes on through a restart of the container', async () => {
  const reader = await new Reader({ tail: 1 }, { text: 'listening' }).joined();
  const { request } = await import('undici');
  const target = new URL(url);
  await request(`http://127.0.0.1:${target.port}/crash`, { headers: { host: target.host } }).then(({ body }) => body.dump(), () => undefined);
  await reader.until(({ messages }) => messages.length >= 2, 40);
  await reader.leave();
  const previous = await installation.orchestrator.history(source, { previous: true }, {}, new AbortController().signal);
  expect(previous.lines.length).toBeGreaterThan(0);
  await answers();
}, 90_000);

test('when the last reader has left, nothing is followed any more', async () => {
  const reader = await new Reader({ tail: 1 }).joined();
  expect(installation.orchestrator.logFollows()).toBe(2);
  await reader.leave();
  await installation.eventually(async () => installation.orchestrator.logFollows(), (count) => count === 0);
  const before = follows();
  await write(5);
  const again = new Reader({ tail: 1 });
  await again.until(({ messages }) => messages.length > 0);
  expect(follows()).toBeGreaterThan(before);
  await again.leave();
});
