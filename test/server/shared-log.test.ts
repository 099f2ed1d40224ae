import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import type { LogBatch, LogLine } from '../../src/orchestrator/port.js';
import { MOST_BYTES } from '../../src/server/result-member.js';
import { insertRunningService } from '../support/rows.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { openDoors } from '../support/test-doors.js';

const FOLLOW = 'subscription ($serviceId: ID!, $tail: Int, $filter: LogFilterInput) { serviceLogs(serviceId: $serviceId, tail: $tail, filter: $filter) { lines { message } dropped } }';

let api: TestApi;
let doors: { url: string; close: () => Promise<void> };
let ada: TestAccount;
let serviceId: string;
let said = 0;

beforeAll(async () => {
  api = await TestApi.start();
  doors = await openDoors(api);
  ada = await api.account('Ada');
  ({ id: serviceId } = await insertRunningService(api.database, 'talker', { teamId: ada.teamId }));
});
afterAll(async () => {
  await doors.close();
  await api.stop();
});

const line = (number: number, bytes: number): LogLine => ({
  timestamp: new Date(number), replica: 'r-1', stream: null, level: null, message: `line ${number} ${'x'.repeat(bytes)}`, fields: null, raw: '', cut: false, deploymentId: null, cursor: `c-${number}`,
});

/** The container says so many lines more, in one batch. */
function say(count: number, bytes = 0): void {
  const lines = Array.from({ length: count }, () => line((said += 1), bytes));
  const batch: LogBatch = { lines, dropped: 0, gap: false, cursor: lines.at(-1)!.cursor };
  api.orchestrator.say(batch);
}

interface Reader {
  numbers: number[];
  dropped: number;
  payloads: string[];
  pause: () => void;
  resume: () => void;
  leave: () => Promise<unknown>;
}

const take = (reader: Reader, { lines, dropped }: { lines: { message: string }[]; dropped: number }): void => {
  reader.dropped += dropped;
  for (const { message } of lines) reader.numbers.push(Number(message.split(' ')[1]));
};

async function overWebSocket(variables: Record<string, unknown> = {}): Promise<Reader> {
  const socket = new WebSocket(`${doors.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const reader: Reader = { numbers: [], dropped: 0, payloads: [], pause: () => socket.pause(), resume: () => socket.resume(), leave: () => (socket.close(), once(socket, 'close')) };
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${ada.token}` } }));
  const joined = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const { type, id, payload } = JSON.parse(String(data));
      if (type === 'connection_ack') socket.send(JSON.stringify({ type: 'subscribe', id: `of "${serviceId}"`, payload: { query: FOLLOW, variables: { serviceId, tail: 0, ...variables } } }));
      if (type !== 'next') return;
      expect(id).toBe(`of "${serviceId}"`);
      if (reader.payloads.push(JSON.stringify(payload)) === 1) return resolve();
      take(reader, payload.data.serviceLogs);
    });
  });
  await joined;
  return reader;
}

/** Server-sent events of GraphQL, or REST's lines of JSON. */
async function overHttp(kind: 'sse' | 'ndjson'): Promise<Reader> {
  const path = kind === 'sse' ? `/graphql/stream?${new URLSearchParams({ query: FOLLOW, variables: JSON.stringify({ serviceId, tail: 0 }) })}` : `/api/services/${serviceId}/logs?follow=true&tail=0`;
  const asking = request(doors.url + path, { headers: { authorization: `Bearer ${ada.token}`, accept: kind === 'sse' ? 'text/event-stream' : 'application/x-ndjson' } }).end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  const reader: Reader = { numbers: [], dropped: 0, payloads: [], pause: () => answer.pause(), resume: () => answer.resume(), leave: async () => answer.destroy() };
  let rest = '';
  answer.setEncoding('utf8').on('data', (text: string) => {
    const pieces = (rest + text).split('\n');
    rest = pieces.pop()!;
    for (const piece of pieces) {
      const json = kind === 'sse' ? /^data: (\{.*)/.exec(piece)?.[1] : piece || undefined;
      if (!json) continue;
      const value = JSON.parse(json);
      take(reader, kind === 'sse' ? value.data.serviceLogs : 'message' in value ? { lines: [value], dropped: 0 } : { lines: [], dropped: value.dropped });
    }
  });
  return reader;
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await pause(5);
}

test('readers of the same lines are one group: the log is followed once for all of them, and once more for another filter', async () => {
  const readers = await Promise.all(Array.from({ length: 5 }, () => overWebSocket()));
  expect(api.orchestrator.following).toBe(1);
  const other = await overWebSocket({ filter: { text: 'line' } });
  const alike = await overWebSocket({ tail: 5, filter: { text: 'line' } });
  expect(api.orchestrator.following).toBe(2);
  const before = said;
  say(3);
  const all = [...readers, other, alike];
  await until(() => all.every(({ numbers }) => numbers.length === 3));
  for (const { numbers, payloads } of all) expect([numbers, payloads.at(-1)]).toEqual([[before + 1, before + 2, before + 3], readers[0]!.payloads.at(-1)]);
  await Promise.all(all.map(({ leave }) => leave()));
  await until(() => api.orchestrator.following === 0);
}, 60_000);

test('a stopped reader loses lines, is told how many in their place, and costs the others nothing', async () => {
  const kinds = [overWebSocket, () => overHttp('sse'), () => overHttp('ndjson')];
  const fast = await overWebSocket();
  const stopped = await Promise.all(kinds.map((open) => open()));
  await until(() => api.orchestrator.following === 3);
  say(1);
  await until(() => stopped.every(({ numbers }) => numbers.length === 1));
  for (const reader of stopped) reader.pause();
  const before = said - 1;
  // More than the kernel keeps for them.
  for (let batch = 0; batch < 400; batch += 1) {
    say(40, 1_000);
    await until(() => fast.numbers.at(-1) === said);
  }
  expect(fast.dropped).toBe(0);
  expect(fast.numbers).toEqual(Array.from({ length: said - before }, (_, index) => before + 1 + index));
  for (const reader of stopped) reader.resume();
  await until(() => stopped.every(({ numbers, dropped }) => numbers.length + dropped === said - before));
  // What comes now comes to all of them again, behind what they were told.
  say(1);
  await until(() => stopped.every(({ numbers }) => numbers.at(-1) === said));
  for (const { numbers, dropped } of stopped) {
    expect(dropped).toBeGreaterThan(0);
    expect(numbers.length + dropped).toBe(said - before);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  }
  expect(MOST_BYTES).toBe(256 * 1024);
  await Promise.all([fast, ...stopped].map(({ leave }) => leave()));
  await until(() => api.orchestrator.following === 0);
}, 120_000);
