import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';

export const DOORS = ['websocket', 'ndjson', 'sse'] as const;
export type Door = (typeof DOORS)[number];

const FOLLOW = `subscription ($serviceId: ID!, $since: DateTimeISO, $after: String) {
  serviceLogs(serviceId: $serviceId, since: $since, after: $after) { lines { message cursor } dropped gap cursor }
}`;
const AGAIN_MS = 50;

interface Batch {
  lines: { message: string; cursor: string }[];
  dropped: number;
  gap: boolean;
}

/** Where and how it reads. */
export interface Reading {
  url: string;
  token: string;
  serviceId: string;
}

/** Reads the log of a service from its first line on, and goes on behind the last line it has after each cut. */
export class ResumingReader {
  readonly messages: string[] = [];
  dropped = 0;
  gaps = 0;
  /** Connections over which lines have come. */
  connections = 0;
  #cursor: string | null = null;
  #hasLines = false;
  #cut: (() => void) | undefined;
  #connection: Promise<void> = Promise.resolve();
  #tell: () => void = () => undefined;
  #left = false;
  readonly #done: Promise<void>;

  constructor(
    readonly door: Door,
    private readonly reading: () => Reading,
  ) {
    this.#done = this.#readOn();
  }

  /** Breaks the connection once lines have come over it: the socket is gone without a word. */
  async kill(): Promise<void> {
    while (!this.#hasLines) await this.#news();
    this.#cut?.();
    await this.#connection;
  }

  /** Throws when it is not so in time, with what `seen` says. */
  async until(what: () => boolean, seen: () => string, seconds: number): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !what(); await this.#news()) {
      if (Date.now() > end) throw new Error(`After ${seconds} s the reader over ${this.door} has ${seen()}`);
    }
  }

  async leave(): Promise<void> {
    this.#left = true;
    this.#cut?.();
    await this.#done;
  }

  /** The next batch, or a moment. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, 500);
      this.#tell = () => (clearTimeout(late), resolve());
    });
  }

  async #readOn(): Promise<void> {
    while (!this.#left) {
      this.#connection = (this.door === 'websocket' ? this.#overWebSocket() : this.#overHttp(this.door)).catch(() => undefined);
      await this.#connection;
      this.#hasLines = false;
      await pause(AGAIN_MS);
    }
  }

  #take({ lines, dropped, gap }: Batch): void {
    this.dropped += dropped;
    if (gap) this.gaps += 1;
    for (const { message, cursor } of lines) {
      this.messages.push(message);
      this.#cursor = cursor;
    }
    if (lines.length > 0 && !this.#hasLines) {
      this.#hasLines = true;
      this.connections += 1;
    }
    this.#tell();
  }

  #from(): { since: string } | { after: string } {
    return this.#cursor === null ? { since: new Date(0).toISOString() } : { after: this.#cursor };
  }

  async #overWebSocket(): Promise<void> {
    const { url, token, serviceId } = this.reading();
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    this.#cut = () => socket.terminate();
    socket.on('error', () => undefined);
    socket.once('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } })));
    socket.on('message', (data) => {
      const { type, payload } = JSON.parse(String(data));
      if (type === 'connection_ack') socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: FOLLOW, variables: { serviceId, ...this.#from() } } }));
      else if (type === 'ping') socket.send('{"type":"pong"}');
      else if (type === 'next' && payload.data) this.#take(payload.data.serviceLogs);
      else if (type !== 'pong') socket.close();
    });
    await once(socket, 'close');
  }

  async #overHttp(door: 'ndjson' | 'sse'): Promise<void> {
    const { url, token, serviceId } = this.reading();
    const from = this.#from();
    const isSse = door === 'sse';
    const query = new URLSearchParams({ follow: 'true', ...(isSse && 'after' in from ? {} : from) });
    const asking = request(`${url}/api/services/${serviceId}/logs?${query}`, {
      headers: { authorization: `Bearer ${token}`, accept: isSse ? 'text/event-stream' : 'application/x-ndjson', ...(isSse && 'after' in from && { 'last-event-id': from.after }) },
    });
    asking.on('error', () => undefined).end();
    this.#cut = () => asking.destroy();
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) return void answer.resume();
    let rest = '';
    answer.setEncoding('utf8').on('data', (text: string) => {
      const pieces = (rest + text).split('\n');
      // A line that was cut in the middle is not one that it has.
      rest = pieces.pop()!;
      for (const piece of pieces) {
        const json = isSse ? /^data: (\{.*)/.exec(piece)?.[1] : piece || undefined;
        if (json) this.#takeOne(JSON.parse(json));
      }
    });
    await once(answer.on('error', () => undefined), 'close');
  }

  #takeOne(value: { message: string; cursor: string } | { dropped: number; gap: boolean } | { error: unknown }): void {
    if ('message' in value) this.#take({ lines: [value], dropped: 0, gap: false });
    else if ('dropped' in value) this.#take({ lines: [], ...value });
  }
}
