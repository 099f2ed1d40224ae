import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { issueToken } from '../../src/auth/issue-token.js';
import { TOKEN_SCOPES } from '../../src/context.js';
import { Role } from '../../src/entities/roles.js';
import { TokenKind } from '../../src/entities/token.js';
import { LEAVE_TEAM, ON_LOGS, ON_SERVICE, REMOVE_MEMBER, REVOKE_TOKEN } from '../support/operations.js';
import type { TestAccount, TestApi } from '../support/test-api.js';
import { createWorld, type World } from '../support/world.js';

/** Far enough for a busy machine to open everything before. */
const EXPIRES_IN_MS = 8_000;
/** What a stream or a socket may say as its last word. */
const CODE = /UNAUTHENTICATED|NOT_FOUND|4401/;

/** One thing that was open when an access ended. */
export interface Ending {
  how: string;
  door: string;
  /** Its last word; null where it said none. */
  said: string | null;
  /** From the end of the access to the end of this. */
  milliseconds: number;
}

/** A stream whose first word has come. */
interface Open {
  door: string;
  /** Its whole text, once it has ended. */
  end: Promise<string>;
}

interface Case {
  how: string;
  token: string;
  /** Ends the access; answers when it ended. */
  end: () => Promise<number>;
  /** The token itself ends, so its socket is closed. */
  closesSocket: boolean;
}

/** Opens everything that stays open, in each way that an access can end, `copies` times; answers how each of them ended. */
export async function endAccess(api: TestApi, url: string, copies = 1): Promise<Ending[]> {
  const owner = await api.account('Owner');
  const world = await createWorld(api, owner);
  api.orchestrator.batches.push({ lines: [{ timestamp: new Date(), replica: 'a', container: 'app', stream: 'stdout', message: 'a line', cursor: '1' } as never], dropped: 0, gap: false, cursor: '1' });
  const cases = await Promise.all(Array.from({ length: copies }, () => casesOf(api, owner, world)));
  return (await Promise.all(cases.flat().map((one) => play(one, url, world)))).flat();
}

async function casesOf(api: TestApi, owner: TestAccount, world: World): Promise<Case[]> {
  const run = async (token: string, text: string, variables: Record<string, unknown>): Promise<number> => {
    const answer = await api.run(token, text, variables);
    if (answer.code) throw new Error(`${answer.code}: ${answer.message}`);
    return performance.now();
  };
  const issue = (wish: Partial<Parameters<typeof issueToken>[1]>) => api.em.transactional((tx) => issueToken(tx, { accountId: owner.id, teamId: null, name: 'ends', scopes: TOKEN_SCOPES, expiresAt: null, ...wish }));
  const member = async () => {
    const account = await api.account('Member');
    await api.addMember(world.teamId, account, Role.VIEWER);
    const [{ id }] = await api.em.execute<[{ id: string }]>('select id from membership where account_id = ? and team_id = ?', [account.id, world.teamId]);
    return { account, remove: () => run(owner.token, REMOVE_MEMBER, { teamId: world.teamId, id }) };
  };
  const [revoked, machine, removed, left, held] = [await issue({}), await issue({ kind: TokenKind.MACHINE, accountId: null, teamId: world.teamId, role: Role.VIEWER }), await member(), await member(), await member()];
  const expiresAt = new Date(Date.now() + EXPIRES_IN_MS);
  const expiring = await issue({ expiresAt });
  const heldToken = await api.tokenOf(held.account, { teamId: world.teamId });
  const expired = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, expiresAt.getTime() - Date.now()));
    return performance.now();
  };
  return [
    { how: 'a revoked token', token: revoked.secret, end: () => run(owner.token, REVOKE_TOKEN, { id: revoked.token.id }), closesSocket: true },
    { how: 'a revoked machine', token: machine.secret, end: () => run(owner.token, REVOKE_TOKEN, { id: machine.token.id }), closesSocket: true },
    { how: 'an expired token', token: expiring.secret, end: expired, closesSocket: true },
    { how: 'a removed member', token: removed.account.token, end: removed.remove, closesSocket: false },
    { how: 'a member who left', token: left.account.token, end: () => run(left.account.token, LEAVE_TEAM, { id: world.teamId }), closesSocket: false },
    { how: 'a removed member whose token is held to the team', token: heldToken, end: held.remove, closesSocket: true },
  ];
}

async function play({ how, token, end, closesSocket }: Case, url: string, { serviceId }: World): Promise<Ending[]> {
  const open = await Promise.all([
    follow('SSE', `${url}/graphql/stream`, token, { query: ON_SERVICE, variables: { serviceId } }),
    follow('SSE of logs', `${url}/graphql/stream`, token, { query: ON_LOGS, variables: { serviceId } }),
    follow('REST, NDJSON', `${url}/api/services/${serviceId}/logs?follow=true`, token),
    follow('REST, SSE', `${url}/api/services/${serviceId}/logs?follow=true`, token, undefined, 'text/event-stream'),
    subscribe(url, token, { query: ON_SERVICE, variables: { serviceId } }),
    ...(closesSocket ? [idleSocket(url, token)] : []),
  ]);
  const times = open.map(({ end: over }) => over.then((text) => ({ text, at: performance.now() })));
  const ended = await end();
  return Promise.all(
    open.map(async ({ door }, index): Promise<Ending> => {
      const { text, at } = await times[index]!;
      return { how, door, said: CODE.exec(text)?.[0] ?? null, milliseconds: Math.max(0, at - ended) };
    }),
  );
}

async function follow(door: string, address: string, token: string, json?: unknown, accept = json ? 'text/event-stream' : 'application/x-ndjson'): Promise<Open> {
  const answer = await fetch(address, {
    headers: { authorization: `Bearer ${token}`, accept, ...(json !== undefined && { 'content-type': 'application/json' }) },
    ...(json !== undefined && { method: 'POST', body: JSON.stringify(json) }),
  });
  if (!answer.ok) throw new Error(`${door} was not opened: ${answer.status} ${await answer.text()}`);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  // A word of the stream itself, not what a proxy needs to see.
  let text = '';
  while (!/serviceChanged|a line/.test(text)) text += (await reader.read()).value ?? '';
  const rest = async (): Promise<string> => {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
    return text;
  };
  return { door, end: rest() };
}

const socketClient = (url: string, token: string) =>
  createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false, onNonLazyError: () => undefined, connectionParams: { Authorization: `Bearer ${token}` } });

/** A subscription on a socket of its own; it has ended with its error, or with its socket. */
async function subscribe(url: string, token: string, request: { query: string; variables: Record<string, unknown> }): Promise<Open> {
  const client = socketClient(url, token);
  let opened: () => void;
  const first = new Promise<void>((resolve) => (opened = resolve));
  const end = new Promise<string>((resolve) => {
    let said = '';
    client.subscribe(request, {
      next: (result) => {
        opened();
        if (result.errors) said = JSON.stringify(result.errors);
      },
      error: (error) => resolve(said || String((error as { code?: number }).code ?? JSON.stringify(error))),
      complete: () => resolve(said),
    });
  }).finally(() => void client.dispose());
  await first;
  return { door: 'WebSocket', end };
}

/** A socket on which nothing runs. */
async function idleSocket(url: string, token: string): Promise<Open> {
  const client = socketClient(url, token);
  const end = new Promise<string>((resolve) => client.on('closed', (event) => resolve(String((event as { code: number }).code))));
  await new Promise<void>((resolve) => client.on('connected', () => resolve()));
  return { door: 'WebSocket, idle', end };
}
