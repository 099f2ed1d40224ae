import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Loki } from '../../../src/orchestrator/logs/drains/loki.js';
import { shownLine } from '../../../src/orchestrator/logs/history/stored-line.js';
import type { LogPage, LogSearch } from '../../../src/orchestrator/port.js';
import { GuardedFetch } from '../../../src/outside/guarded-fetch.js';
import { compilePattern } from '../../../src/schema/line-pattern.js';
import { at, storedAt } from './kept-history.js';

/**
 * A Loki's push and range query, as its documented HTTP API has them, for what this test asks. With APEX_TEST_LOKI_URL the
 * same runs against a real one.
 */
class LokiApi {
  readonly requests: { method: string; url: URL; headers: Record<string, unknown>; body: string }[] = [];
  readonly #streams: { labels: Record<string, string>; ns: bigint; line: string }[] = [];
  isDown = false;
  readonly server: Server = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (chunk: string) => void (body += chunk)).on('end', () => {
      const url = new URL(req.url!, 'http://loki');
      this.requests.push({ method: req.method!, url, headers: req.headers, body });
      if (this.isDown) return void res.writeHead(503).end();
      if (req.method === 'POST' && url.pathname === '/loki/api/v1/push') return this.#push(body, () => res.writeHead(204).end());
      if (req.method === 'GET' && url.pathname === '/loki/api/v1/query_range') return void res.end(JSON.stringify(this.#query(url.searchParams)));
      res.writeHead(404).end();
    });
  });

  #push(body: string, done: () => void): void {
    for (const { stream, values } of (JSON.parse(body) as { streams: { stream: Record<string, string>; values: [string, string][] }[] }).streams) for (const [ns, line] of values) this.#streams.push({ labels: stream, ns: BigInt(ns), line });
    done();
  }

  #query(params: URLSearchParams) {
    const [, labels = '', rest = ''] = /^\{(.*?)\}(.*)$/.exec(params.get('query')!)!;
    const matchers = [...labels.matchAll(/(\w+)(=~?)("(?:[^"\\]|\\.)*")/g)].map(([, name, how, value]) => ({ name: name!, how: how!, value: JSON.parse(value!) as string }));
    const filters = [...rest.matchAll(/\|([=~]) ("(?:[^"\\]|\\.)*")/g)].map(([, how, value]) => ({ how: how!, value: JSON.parse(value!) as string }));
    const forward = params.get('direction') === 'forward';
    const found = this.#streams
      .filter(({ labels: has, ns }) => ns >= BigInt(params.get('start')!) && ns < BigInt(params.get('end')!) && matchers.every(({ name, how, value }) => (how === '=' ? has[name] === value : new RegExp(`^(${value})$`).test(has[name] ?? ''))))
      .filter(({ line }) => filters.every(({ how, value }) => (how === '=' ? line.includes(value) : new RegExp(value).test(line))))
      .sort((a, b) => (forward ? 1 : -1) * Number(a.ns - b.ns))
      .slice(0, Number(params.get('limit')));
    return { status: 'success', data: { resultType: 'streams', result: found.map(({ labels: stream, ns, line }) => ({ stream, values: [[String(ns), line]] })) } };
  }
}

const REAL = process.env['APEX_TEST_LOKI_URL'];
const api = new LokiApi();
const guard = new GuardedFetch();
let loki: Loki;
let documented: Loki;
const source = `service/${crypto.randomUUID()}`;
const from = { source, teamId: 'team-1', name: 'web', environment: 'production', serviceId: source.split('/')[1]! };
const lines = Array.from({ length: 30 }, (_none, n) => shownLine(storedAt(Math.floor(n / 3), `${n % 10 === 0 ? 'ERROR' : 'INFO'} number "${n}" \\ of many`, { replica: n % 2 ? 'web-a-1' : 'web-b-2', ordinal: n % 3 }), {})!);

beforeAll(async () => {
  api.server.listen(0, '127.0.0.1');
  await once(api.server, 'listening');
  const settings = { token: 'Basic canary', tenant: 'acme', installationId: 'installation-1' };
  documented = new Loki(guard, { ...settings, url: `http://127.0.0.1:${(api.server.address() as AddressInfo).port}` });
  loki = REAL ? new Loki(guard, { ...settings, url: REAL }) : documented;
  await loki.send(lines.map((line, n) => ({ ...line, origin: { run: 'r', ordinal: 0, ns: storedAt(Math.floor(n / 3), '').ns } })), from, AbortSignal.timeout(10_000));
});
afterAll(async () => {
  await guard.close();
  api.server.close();
});

const search = (wish: Partial<LogSearch> = {}): Promise<LogPage> => loki.search(source, { filter: {}, first: 100, oldestFirst: true, since: at(-60), ...wish }, AbortSignal.timeout(10_000));

async function all(wish: Partial<LogSearch>): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await search({ ...wish, after });
    found.push(...page.lines.map(({ line }) => line.raw));
    if (!page.hasNextPage) return found;
    after = page.endCursor!;
  }
}

const raws = lines.map(({ raw }) => raw);

test('what was pushed is found, page by page, each line once though several have the same time', async () => {
  for (const first of [1, 4, 7, 100]) {
    expect((await all({ first })).sort()).toEqual([...raws].sort());
    expect((await all({ first, oldestFirst: false })).sort()).toEqual([...raws].sort());
  }
  const [first] = (await search({ first: 1, oldestFirst: false })).lines;
  expect(first!.line).toMatchObject({ timestamp: at(9), replica: expect.stringMatching(/^web-/), level: 'INFO', stream: null, cursor: expect.any(String) });
});

test('filters hold', async () => {
  expect((await all({ filter: { text: 'number "7" \\ of' } })).sort()).toEqual([raws[7]]);
  expect((await all({ filter: { regex: compilePattern('"1[1-3]"') } })).sort()).toEqual(raws.slice(11, 14));
  expect((await all({ filter: { level: 'WARN' } })).sort()).toEqual([raws[0], raws[10], raws[20]].sort());
  expect((await all({ filter: { replica: 'web-a-1' } })).sort()).toEqual(raws.filter((_raw, n) => n % 2 === 1).sort());
  expect((await all({ since: at(2), until: at(3) })).sort()).toEqual(raws.slice(6, 9).sort());
  expect(await all({ filter: { replica: '"} or {team=~".+"' } })).toEqual([]);
  expect((await loki.search('service/another', { filter: {}, first: 10, oldestFirst: true }, AbortSignal.timeout(10_000))).lines).toEqual([]);
  await expect(search({ after: 'nonsense' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

test('it is asked with its token and tenant, and a Loki that is away is a clear answer', async () => {
  await documented.send(lines, from, AbortSignal.timeout(10_000));
  expect(api.requests.at(-1)!.headers).toMatchObject({ authorization: 'Basic canary', 'x-scope-orgid': 'acme', 'content-type': 'application/json' });
  api.isDown = true;
  await expect(documented.search(source, { filter: {}, first: 1, oldestFirst: true }, AbortSignal.timeout(10_000))).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('Loki') });
  await expect(documented.send(lines, from, AbortSignal.timeout(10_000))).rejects.toThrow('Loki answered with 503.');
  api.isDown = false;
});
