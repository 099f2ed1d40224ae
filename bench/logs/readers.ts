/** Many readers in a process of their own. Each counts what it got and what it was told that it lost; latencies go into one histogram. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import { RawReader } from './raw-reader.ts';

export interface OpenReaders {
  open: 'raw' | 'graphql';
  url: string;
  count: number;
  token?: string;
  serviceId?: string;
}

export interface ReadersReport {
  delivered: number;
  dropped: number;
  p50: number;
  p99: number;
  max: number;
  /** Lines between the first and the last that a reader saw which it neither got nor was told of. */
  unannounced: number;
  gaps: number;
}

const SUBSCRIPTION = 'subscription ($serviceId: ID!, $tail: Int) { serviceLogs(serviceId: $serviceId, tail: $tail) { lines { timestamp replica stream message cursor } dropped gap cursor } }';
const LINES = /"timestamp":"([^"]+)"[^}]*?"message":"line (\d+)/g;
const DROPPED = /"dropped":(\d+)/;
const STEP_MS = 0.25;
const AT_ONCE = 32;

let histogram = new Uint32Array(60_000 / STEP_MS);
let delivered = 0;
let readers: Reader[] = [];

function note(lines: number, writtenAt: number): void {
  const bucket = Math.min(histogram.length - 1, Math.max(0, Math.floor((performance.timeOrigin + performance.now() - writtenAt) / STEP_MS)));
  histogram[bucket] = histogram[bucket]! + lines;
  delivered += lines;
}

class Reader {
  first: number | undefined;
  last = 0;
  got = 0;
  dropped = 0;
  gaps = 0;
  readonly socket: WebSocket | Socket;

  constructor({ open, url, token, serviceId }: OpenReaders, number: number, joined: () => void) {
    if (open === 'raw') {
      const raw = new RawReader(url, joined, (lines, writtenAt) => note(lines, writtenAt));
      this.socket = raw.socket;
      return;
    }
    const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
    this.socket = socket;
    socket.on('error', (error) => console.error(`reader ${number}: ${error.message}`));
    const id = `reader-${String(number).padStart(6, '0')}-0123456789abcdef012345`;
    socket.once('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: token ? { Authorization: `Bearer ${token}` } : {} })));
    socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1');
      if (text.includes('"type":"next"', 0)) return this.next(text, joined);
      const { type } = JSON.parse(text);
      if (type === 'connection_ack') {
        socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: SUBSCRIPTION, variables: { serviceId, tail: 0 } } }));
        if (!token) joined();
      } else if (type === 'ping') socket.send('{"type":"pong"}');
      else console.error(text);
    });
  }

  /** Looked through and not parsed: a thousand readers that make objects of it all need more of the machine than the server. */
  next(text: string, joined: () => void): void {
    const [, dropped] = DROPPED.exec(text) ?? [];
    if (dropped === undefined) return console.error(text);
    joined();
    this.dropped += Number(dropped);
    this.gaps += text.includes('"gap":true') ? 1 : 0;
    for (const [, timestamp, number] of text.matchAll(LINES)) this.take(Date.parse(timestamp!), Number(number));
  }

  take(writtenAt: number, number: number): void {
    note(1, writtenAt);
    // What was lost before the first line that it saw cannot be told apart from what was never its own.
    if (this.first === undefined) (this.first = number), (this.dropped = 0);
    this.got += 1;
    this.last = number;
  }

  get unannounced(): number {
    return this.first === undefined ? 0 : this.last - this.first + 1 - this.got - this.dropped;
  }
}

function quantile(part: number): number {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let bucket = 0; bucket < histogram.length; bucket += 1) {
    seen += histogram[bucket]!;
    if (seen >= total * part && seen > 0) return (bucket + 1) * STEP_MS;
  }
  return 0;
}

function report(): ReadersReport {
  const sum = (of: (reader: Reader) => number): number => readers.reduce((total, reader) => total + of(reader), 0);
  return { delivered, dropped: sum(({ dropped }) => dropped), p50: quantile(0.5), p99: quantile(0.99), max: quantile(1), unannounced: sum(({ unannounced }) => Math.abs(unannounced)), gaps: sum(({ gaps }) => gaps) };
}

async function openAll(wanted: OpenReaders): Promise<void> {
  for (let at = 0; at < wanted.count; at += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, wanted.count - at) }, (_, index) => new Promise<void>((joined) => readers.push(new Reader(wanted, at + index, joined))));
    await Promise.all(some);
  }
}

async function answer(question: unknown): Promise<unknown> {
  if (question === 'reset') {
    histogram = new Uint32Array(histogram.length);
    delivered = 0;
    return 'reset';
  }
  if (question === 'report') return report();
  if (question === 'pause' || question === 'resume') {
    for (const { socket } of readers) socket[question]();
    return question;
  }
  if (question === 'close') {
    await Promise.all(readers.map(({ socket }) => ('close' in socket ? socket.close() : socket.destroy(), once(socket, 'close'))));
    readers = [];
    return 'closed';
  }
  await openAll(question as OpenReaders);
  return 'joined';
}

process.on('message', (question) => void answer(question).then((said) => process.send?.(said as object)));
