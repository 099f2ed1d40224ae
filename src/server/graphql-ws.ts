import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import type { Context, SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Actor } from '../context.js';
import { ApexError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { OperationRunner } from '../operation.js';
import { STATUS } from '../rest/statuses.js';
import { apexErrorOf, graphqlErrorOf, refusedDocument } from '../schema/masked-errors.js';
import type { DocumentGate } from './document-gate.js';
import { OperationContext, type ContextParts } from './operation-context.js';
import type { OpenStreams } from './open-streams.js';
import { purseFor, purseOfAddress, type Purse, type PurseParts } from './purse.js';
import { spend } from './rate-limit.js';
import { scopeFor, type Scope } from './scope.js';
import { sessionOf, type CookieRules } from './session-cookie.js';
import { endedBy } from './stream-end.js';

const PATH = '/graphql';
const MAX_MESSAGE_BYTES = 1 << 20;
const MAX_OPERATIONS = 100;
/** Close codes of graphql-transport-ws. */
const UNAUTHORIZED = 4401;
const GOING_AWAY = 1001;

export interface WebSocketParts {
  schema: GraphQLSchema;
  operations: OperationRunner;
  gate: DocumentGate;
  purses: PurseParts;
  streams: OpenStreams;
  contexts: ContextParts;
  logger: Logger;
  trustedProxies: number;
  cookies: CookieRules;
}

interface Extra {
  [key: PropertyKey]: unknown;
  socket: WebSocket;
  request: IncomingMessage;
  scope: Scope;
  actor: Actor;
  authorization: string | undefined;
  session: string | undefined;
  purse: Purse;
  letGo: () => void;
  /** Ends an operation when its client has left it. */
  endings: Set<() => void>;
}

type Socket = Context<Record<string, unknown> | undefined, Extra>;

/** GraphQL over WebSocket (graphql-transport-ws). Nothing is accepted before `connection_init` has shown a valid token. */
export function serveWebSockets(server: Server, parts: WebSocketParts): { stop: () => Promise<void> } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, handleProtocols: (offered) => (offered.has('graphql-transport-ws') ? 'graphql-transport-ws' : false) });
  const disposable = useServer<Record<string, unknown>, Extra>(
    {
      onConnect: (socket) => connect(parts, socket as unknown as Socket),
      onClose: (socket) => leave((socket as unknown as Socket).extra),
      onSubscribe: (socket, _id, payload) => admit(parts, socket as unknown as Socket, payload),
      execute: async (args) => {
        const context = args.contextValue as OperationContext & { end: () => void };
        return parts.operations.run(requestOf(args), context).finally(context.end);
      },
      subscribe: async (args) => {
        const context = args.contextValue as OperationContext & { end: () => void };
        const results = await parts.operations.subscribe(requestOf(args), context);
        return Symbol.asyncIterator in results ? endedBy(results, context.end) : results;
      },
    },
    sockets,
  );
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => void accept(parts, sockets, request, socket, head);
  server.on('upgrade', upgrade);
  return {
    stop: async () => {
      server.off('upgrade', upgrade);
      for (const client of sockets.clients) client.close(GOING_AWAY, 'The server stops');
      await disposable.dispose();
    },
  };
}

const requestOf = ({ document, operationName, variableValues }: ExecutionArgs) => ({ document, variables: variableValues ?? {}, ...(operationName && { operationName }) });

/** An upgrade is a request like any other: it counts, and another path has nothing behind it. */
async function accept(parts: WebSocketParts, sockets: WebSocketServer, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    if ((request.url ?? '').split('?', 1)[0] !== PATH) throw new ApexError('NOT_FOUND', 'There is no WebSocket here.');
    await spend(await purseFor(parts.purses, request, scopeFor(request, parts.trustedProxies).ip), 1);
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  } catch (error) {
    const { code, retryAfterSeconds } = error instanceof ApexError ? error : apexErrorOf(error, { requestId: 'upgrade', logger: parts.logger });
    const retry = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`;
    socket.end(`HTTP/1.1 ${STATUS[code]} ${STATUS_CODES[STATUS[code]]}\r\nConnection: close\r\n${retry}Content-Length: 0\r\n\r\n`);
  }
}

async function connect(parts: WebSocketParts, { extra, connectionParams }: Socket): Promise<boolean> {
  const given = connectionParams?.Authorization ?? connectionParams?.authorization ?? extra.request.headers.authorization;
  extra.authorization = typeof given === 'string' ? given : undefined;
  extra.session = extra.authorization === undefined ? sessionOf(extra.request, parts.cookies) : undefined;
  extra.scope = scopeFor(extra.request, parts.trustedProxies);
  extra.endings = new Set();
  try {
    extra.actor = await parts.contexts.authenticate(extra.authorization, extra.session);
  } catch (error) {
    if (!(error instanceof ApexError)) apexErrorOf(error, { requestId: extra.scope.requestId, logger: parts.logger });
    extra.socket.close(UNAUTHORIZED, 'A valid API token is required');
    return false;
  }
  const { authorization, session, actor } = extra;
  extra.purse = session !== undefined && 'tokenId' in actor ? { limiter: parts.purses.sessionLimiter, key: actor.tokenId, whose: 'session' } : purseOfAddress(parts.purses.limiter, extra.scope.ip);
  extra.letGo = parts.streams.hold(() => extra.socket.close(UNAUTHORIZED, 'The access has ended'), { authorization, session, actor });
  return true;
}

function leave(extra: Extra): void {
  extra.letGo?.();
  for (const end of extra.endings ?? []) end();
}

/** One operation of a socket: counted, within the limits, valid, and from a client whose token still holds. */
async function admit(parts: WebSocketParts, { extra, subscriptions }: Socket, { query, operationName, variables }: SubscribePayload): Promise<ExecutionArgs | GraphQLError[]> {
  const scope: Scope = { ...extra.scope, requestId: scopeFor(extra.request, 0).requestId };
  try {
    if (Object.keys(subscriptions).length > MAX_OPERATIONS) throw new ApexError('BAD_REQUEST', `A socket carries at most ${MAX_OPERATIONS} operations at once.`);
    await spend(extra.purse, 1);
    const actor = await parts.contexts.authenticate(extra.authorization, extra.session);
    const { document, errors, rootFields } = parts.gate.admit(query, operationName, actor);
    await spend(extra.purse, rootFields - 1);
    if (errors.length > 0) return errors.map((error) => new GraphQLError(error.message, refusedDocument(error, scope.requestId)));
    return { schema: parts.schema, document, operationName: operationName ?? null, variableValues: variables ?? {}, contextValue: contextOf(parts, extra, scope, actor) };
  } catch (error) {
    return [graphqlErrorOf(error instanceof ApexError ? error : apexErrorOf(error, { requestId: scope.requestId, logger: parts.logger }), scope.requestId)];
  }
}

function contextOf(parts: WebSocketParts, extra: Extra, scope: Scope, actor: Actor): OperationContext & { end: () => void } {
  const leavers: (() => void)[] = [];
  const end = (): void => {
    extra.endings.delete(end);
    for (const left of leavers.splice(0)) left();
  };
  extra.endings.add(end);
  const context = new OperationContext(parts.contexts, scope, 'websocket', actor, (left) => void leavers.push(left));
  return Object.assign(context, { end });
}
