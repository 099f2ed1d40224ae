import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { until } from '../../acceptance/rest-client.js';
import { Installation, type ServerProcess } from '../../faults/server-process.js';
import { InspectedProcess, type Holdings } from '../../support/inspected-process.js';

const FOLLOW = 'subscription ($serviceId: ID!, $tail: Int, $filter: LogFilterInput) { serviceLogs(serviceId: $serviceId, tail: $tail, filter: $filter) { lines { message } dropped gap } }';
const WRITER = 'i=0; trap "exit 0" TERM; while :; do i=$((i+1)); echo "line $i"; usleep 100000; done';
/** Readers that are there at once. */
const AT_ONCE = 20;
const FILTERS = [undefined, undefined, { text: 'line' }, { regex: '[0-9]+' }, { level: 'ERROR' }, { stream: 'stdout' }] as const;
const MOST_BYTES = 1024 * 1024;
/** By then code is compiled and pools are filled. */
const WARM_UP = 600;

/** Readers come and go, in every way; the server must hold nothing for those that have gone. */
export function joinsAndLeaves(joins: number): void {
  let installation: Installation;
  let server: ServerProcess;
  let inside: InspectedProcess;
  let serviceId: string;

  beforeAll(async () => {
    installation = await Installation.make();
    // Nobody but the readers follows.
    server = await installation.server({ APEX_LOG_HISTORY_BYTES: '0', NODE_OPTIONS: '--inspect=127.0.0.1:0' });
    inside = await InspectedProcess.of(server.log);
    const { body } = await server.rest.post('/api/deploy', { name: 'talker', image: 'busybox', command: ['sh', '-c'], args: [WRITER] });
    serviceId = body.id;
    await until('it runs', () => server.rest.get(`/api/services/${serviceId}`), (answer) => answer.body.status === 'RUNNING', 90);
  }, 180_000);
  afterAll(async () => {
    inside?.close();
    await installation?.remove();
  }, 120_000);

  const figure = async (name: string): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`, { headers: { connection: 'close' } })).text();
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  };

  async function comeAndGo(count: number): Promise<void> {
    let next = 0;
    const one = async (): Promise<void> => {
      for (let number = next++; number < count; number = next++) await WAYS[number % WAYS.length]!({ url: server.url, token: server.token, serviceId }, FILTERS[number % FILTERS.length]);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  /** Once all have gone and nothing is followed. */
  async function held(accept: (now: Holdings & { files: number }) => boolean): Promise<Holdings & { files: number }> {
    await until('nothing is followed', () => figure('apex_log_follows'), (follows) => follows === 0, 30);
    return until('nothing is held', async () => ({ ...(await inside.holdings()), files: await figure('process_open_fds') }), accept, 45);
  }

  test(`${joins} joins and leaves: no follow, timer, socket, file or megabyte is left behind`, async () => {
    const watching = new AbortController();
    let most = 0;
    await comeAndGo(WARM_UP);
    const before = await held(() => true);
    const watch = (async () => {
      while (!watching.signal.aborted) most = Math.max(most, await figure('apex_log_follows'));
    })();
    await comeAndGo(joins);
    watching.abort();
    await watch;
    const after = await held((now) => now.bytes - before.bytes < MOST_BYTES && now.files <= before.files && now.timers <= before.timers && now.sockets <= before.sockets);
    process.stdout.write(`joins and leaves: ${joins}, at most ${most} follows, then 0; memory ${((after.bytes - before.bytes) / 1024).toFixed(0)} KiB more, timers ${before.timers} -> ${after.timers}, sockets ${before.sockets} -> ${after.sockets}, files ${before.files} -> ${after.files}\n`);
    // One for both streams together, one for those who want one alone.
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  }, 240_000 + joins * 60);
}

interface Wish {
  url: string;
  token: string;
  serviceId: string;
}
type Filter = (typeof FILTERS)[number];

/** Each joins and leaves in its own way. */
const WAYS: readonly ((wish: Wish, filter: Filter) => Promise<void>)[] = [
  (wish, filter) => overWebSocket(wish, filter, (socket) => socket.terminate()),
  (wish, filter) => overWebSocket(wish, filter, (socket) => (socket.send('{"type":"complete","id":"1"}'), socket.close())),
  (wish, filter) => overWebSocket(wish, filter, (socket) => socket.terminate(), 'at once'),
  (wish, filter) => overHttp(wish, `/graphql/stream?${new URLSearchParams({ query: FOLLOW, variables: JSON.stringify({ serviceId: wish.serviceId, tail: 3, filter }) })}`, 'text/event-stream'),
  (wish) => overHttp(wish, `/api/services/${wish.serviceId}/logs?follow=true&tail=3`, 'application/x-ndjson'),
];

async function overWebSocket({ url, token, serviceId }: Wish, filter: Filter, leave: (socket: WebSocket) => void, when: 'joined' | 'at once' = 'joined'): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.once('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } })));
  let failure: Error | undefined;
  socket.on('error', (error) => (failure = error));
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data));
    if (type === 'connection_ack') {
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: FOLLOW, variables: { serviceId, tail: 3, filter } } }));
      if (when === 'at once') leave(socket);
    } else if (type === 'error' || payload?.errors) {
      failure = new Error(String(data));
      socket.terminate();
    } else if (type === 'next') leave(socket);
  });
  await once(socket, 'close');
  if (failure) throw failure;
}

async function overHttp({ url, token }: Wish, path: string, accept: string): Promise<void> {
  const asking = request(`${url}${path}`, { agent: false, headers: { authorization: `Bearer ${token}`, accept } });
  asking.end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
  await once(answer, 'data');
  answer.on('error', () => undefined);
  asking.on('error', () => undefined).destroy();
}
