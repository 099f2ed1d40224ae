import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient, CloseCode } from 'graphql-ws';
import WebSocket from 'ws';
import { Service } from '../../src/entities/service.js';
import { graphql, http } from '../support/http.js';
import { insertRunningService } from '../support/rows.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const CHANGED = 'subscription ($id: ID!) { serviceChanged(serviceId: $id) { id replicas } }';

describe('streams', () => {
  let server: TestServer;
  let id: string;

  beforeAll(async () => {
    server = await startTestServer();
    ({ id } = await insertRunningService(server.database, 'streamed'));
  });
  afterAll(() => server?.stop());

  const ws = (): string => `${server.url.replace('http', 'ws')}/graphql`;
  const scale = (replicas: number) => server.database.orm.em.fork().nativeUpdate(Service, { id }, { replicas });
  const newToken = async (): Promise<{ id: string; token: string }> => (await http(`${server.url}/api/account/token`, { token: server.token, json: {} })).body;
  const revoke = (tokenId: string) => graphql(server.url, server.token, 'mutation ($id: ID!) { revokeToken(id: $id) { id } }', { id: tokenId });
  const opened = (socket: WebSocket) => new Promise((resolve) => socket.once('open', resolve));
  const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));

  it('accepts nothing on a WebSocket before connection_init', async () => {
    const socket = new WebSocket(ws(), 'graphql-transport-ws');
    await opened(socket);
    const code = closed(socket);
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ viewer { id } }' } }));
    expect(await code).toBe(CloseCode.Unauthorized);
  });

  it.each([[undefined], ['Bearer apex_unknown'], [{ Authorization: 'x' }]])('closes a WebSocket whose connection_init shows %p', async (authorization) => {
    const socket = new WebSocket(ws(), 'graphql-transport-ws');
    await opened(socket);
    const code = closed(socket);
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    socket.send(JSON.stringify({ type: 'connection_init', payload: authorization === undefined ? undefined : { Authorization: authorization } }));
    expect(await code).toBe(4401);
    expect(messages).toEqual([]);
  });

  it('offers a WebSocket on no other path and in no other protocol', async () => {
    const failed = (url: string, protocol?: string) => new Promise((resolve) => new WebSocket(url, protocol ? [protocol] : []).once('error', (error) => resolve(error.message)));
    expect(await failed(`${server.url.replace('http', 'ws')}/api/services`, 'graphql-transport-ws')).toContain('404');
  });

  it('runs queries and subscriptions over a WebSocket, and closes it when its token is revoked', async () => {
    const { id: tokenId, token } = await newToken();
    const client = createClient({ url: ws(), webSocketImpl: WebSocket, connectionParams: { Authorization: `Bearer ${token}` }, retryAttempts: 0, lazy: false, onNonLazyError: () => undefined });
    const code = new Promise<number>((resolve) => client.on('closed', (event) => resolve((event as { code: number }).code)));
    const { value: viewer } = await client.iterate({ query: '{ viewer { name } }' }).next();
    expect(viewer.data).toEqual({ viewer: { name: 'Operator' } });
    const refused = await client.iterate({ query: '{ nothing }' }).next().catch((errors) => errors);
    expect(refused).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);

    const changes = client.iterate<{ serviceChanged: { replicas: number } }>({ query: CHANGED, variables: { id } });
    const seen = await changes.next();
    expect(seen.value!.data!.serviceChanged).toEqual({ id, replicas: 2 });
    const next = changes.next();
    await scale(3);
    expect((await next).value!.data!.serviceChanged).toEqual({ id, replicas: 3 });

    const last = changes.next().then(({ value }) => value?.errors?.[0]?.extensions?.code ?? 'closed', () => 'closed');
    await revoke(tokenId);
    expect(['closed', 'UNAUTHENTICATED']).toContain(await last);
    expect(await code).toBe(4401);
    await client.dispose();
  });

  it('speaks the same over server-sent events, to its library and to curl', async () => {
    await scale(2);
    const client = createSseClient({ url: `${server.url}/graphql/stream`, headers: { authorization: `Bearer ${server.token}` }, retryAttempts: 0 });
    const changes = client.iterate<{ serviceChanged: { replicas: number } }>({ query: CHANGED, variables: { id } });
    expect((await changes.next()).value!.data!.serviceChanged).toEqual({ id, replicas: 2 });
    const next = changes.next();
    await scale(4);
    expect((await next).value!.data!.serviceChanged).toEqual({ id, replicas: 4 });
    await changes.return!();
    client.dispose();

    const single = await http(`${server.url}/graphql/stream`, { token: server.token, json: { query: '{ viewer { name } }' }, headers: { accept: 'text/event-stream' } });
    expect(single.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(single.text).toContain('event: next\ndata: {"data":{"viewer":{"name":"Operator"}}}\n\nevent: complete\ndata:\n\n');
  });

  it('refuses a stream with a status before it begins', async () => {
    const stream = (json: unknown, token: string | null = server.token) => http(`${server.url}/graphql/stream`, { token, json, headers: { accept: 'text/event-stream' } });
    expect(await stream({ query: CHANGED, variables: { id } }, null)).toMatchObject({ status: 401 });
    expect(await stream({ query: CHANGED, variables: { id: 'nonsense' } })).toMatchObject({ status: 404, body: { errors: [{ extensions: { code: 'NOT_FOUND' } }] } });
    expect(await stream({ query: '{ nothing }' })).toMatchObject({ status: 400 });
    expect(await stream({})).toMatchObject({ status: 400 });
    expect(await http(`${server.url}/graphql/stream?query=mutation%7BrevokeToken(id%3A%22x%22)%7Bid%7D%7D`, { token: server.token })).toMatchObject({ status: 405 });
    expect(await http(`${server.url}/graphql/stream`, { method: 'PUT', token: server.token })).toMatchObject({ status: 405 });
  });

  it('ends what is open when the server stops, and then the server is gone', async () => {
    const other = await startTestServer({ beside: server });
    const socket = new WebSocket(`${other.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await opened(socket);
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${server.token}` } }));
    await new Promise((resolve) => socket.once('message', resolve));
    const stream = await fetch(`${other.url}/graphql/stream`, {
      method: 'POST', headers: { authorization: `Bearer ${server.token}`, accept: 'text/event-stream', 'content-type': 'application/json' }, body: JSON.stringify({ query: CHANGED, variables: { id } }),
    });
    const ended = stream.text();
    const code = closed(socket);
    const begun = performance.now();
    await other.stop();
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await code).toBe(1001);
    expect(await ended).toContain('event: complete');
    await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
  });
});
