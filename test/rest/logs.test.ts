import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { http } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';
import { pushHello } from '../acceptance/hello-image.js';
import { restClient, until, visit } from '../acceptance/rest-client.js';

/** Reads a stream until `enough` is in it, then leaves. */
async function readUntil(url: string, headers: Record<string, string>, enough: (text: string) => boolean): Promise<{ type: string | null; text: string }> {
  const leaving = new AbortController();
  const answer = await fetch(url, { headers, signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(30_000)]) });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (enough(text)) break;
  }
  leaving.abort();
  return { type: answer.headers.get('content-type'), text };
}

describe('log lines over REST', () => {
  let server: TestServer;
  let logs: string;
  let address: string;
  const token = (): Record<string, string> => ({ authorization: `Bearer ${server.token}` });

  beforeAll(async () => {
    server = await startTestServer({ cluster: true });
    const rest = restClient(server.url, server.token);
    const image = `apex.local/logs-${server.id}:latest`;
    await pushHello(image);
    const { body } = await rest.post('/api/deploy', { name: 'talker', image, containerPort: 8080, public: true });
    expect(await rest.endOfDeployment(body.latestDeployment.id)).toMatchObject({ state: 'LIVE' });
    address = body.url;
    logs = `${server.url}/api/services/${body.id}/logs`;
    await until('it serves', () => visit(address, '/first'), ({ status }) => status === 200);
    await until('its log tells', () => http(logs, { token: server.token }), ({ text }) => text.includes('/first'));
  }, 120_000);
  afterAll(() => server?.stop());

  it('are a list, from where and as many as asked for', async () => {
    const { body: all } = await http(logs, { token: server.token });
    expect(all.at(-1)).toEqual({ timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), replica: expect.any(String), stream: null, message: expect.any(String), cursor: expect.any(String) });
    // The cluster's own probes are logged, too: each later list may be longer at its end.
    const { body: last } = await http(`${logs}?tail=1`, { token: server.token });
    expect(last).toHaveLength(1);
    const { body: later } = await http(`${logs}?after=${encodeURIComponent(all[0].cursor)}`, { token: server.token });
    expect(later.slice(0, all.length - 1)).toEqual(all.slice(1));
    expect([all.at(-1), ...later.slice(all.length - 1)]).toContainEqual(last[0]);
    const { body: full } = await http(`${logs}?full=true`, { token: server.token });
    expect(full[all.length - 1]).toEqual({ ...all.at(-1), level: null, fields: null, raw: all.at(-1).message, cut: false, deploymentId: expect.any(String) });
    expect((await http(`${logs}?regex=${encodeURIComponent('^GET.*/first" 200')}`, { token: server.token })).body.every(({ message }: { message: string }) => message.includes('/first'))).toBe(true);
    expect(await http(`${logs}?regex=${encodeURIComponent('(a')}`, { token: server.token })).toMatchObject({ status: 400, body: { errors: [{ path: 'regex', message: expect.stringContaining('RE2') }] } });
    expect(await http(`${logs}?level=LOUD`, { token: server.token })).toMatchObject({ status: 400 });
    expect((await http(`${logs}?replica=nobody`, { token: server.token })).body).toEqual([]);
    expect((await http(`${logs}?since=2100-01-01T00:00:00Z`, { token: server.token })).body).toEqual([]);
    expect(await http(`${logs}?tail=x&since=yesterday`, { token: server.token })).toMatchObject({ status: 400, body: { errors: [{ path: 'tail' }] } });
    expect(await http(`${logs}?since=yesterday`, { token: server.token })).toMatchObject({ status: 400, body: { errors: [{ path: 'since' }] } });
    expect(await http(`${logs}?follow=true&previous=true`, { token: server.token })).toMatchObject({ status: 400, body: { errors: [{ path: 'previous' }] } });
  });

  it('are plain text for who prefers it', async () => {
    const answer = await http(logs, { token: server.token, headers: { accept: 'text/plain' } });
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.text).toMatch(/^\d{4}-\d\d-\d\dT\S+ \S+ .*\/first.*$/m);
  });

  it('follow as a line of JSON each, until the client leaves', async () => {
    const reading = readUntil(`${logs}?follow=true&tail=0`, token(), (text) => text.includes('/followed'));
    // Nothing tells when the follower has arrived, so it is called again and again.
    const poke = setInterval(() => void visit(address, '/followed').catch(() => undefined), 200);
    const { type, text } = await reading.finally(() => clearInterval(poke));
    expect(type).toBe('application/x-ndjson; charset=utf-8');
    const lines = text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
    expect(lines.filter((line) => line.message?.includes('/followed'))[0]).toMatchObject({ replica: expect.any(String), cursor: expect.any(String) });
  });

  it('follow as events, and go on behind the last one that was seen', async () => {
    await visit(address, '/one');
    await visit(address, '/two');
    const headers = { ...token(), accept: 'text/event-stream' };
    const { type, text } = await readUntil(`${logs}?follow=true&tail=50`, headers, (seen) => seen.includes('/two'));
    expect(type).toBe('text/event-stream; charset=utf-8');
    const one = /id: (\S+)\ndata: [^\n]*\/one/.exec(text)?.[1];
    expect(one).toBeDefined();
    const resumed = await readUntil(`${logs}?follow=true`, { ...headers, 'last-event-id': one! }, (seen) => seen.includes('/two'));
    expect(resumed.text).not.toContain('/one');
    expect(resumed.text.indexOf('/first')).toBe(-1);
  });
});
