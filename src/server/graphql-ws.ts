import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { ApexError } from '../errors.js';
import { STATUS } from '../rest/statuses.js';
import { apexErrorOf } from '../schema/masked-errors.js';
import { GraphqlSocket, type SocketParts } from './graphql-socket.js';
import { purseFor } from './purse.js';
import { spend } from './rate-limit.js';
import { scopeFor } from './scope.js';
import { sessionOf, type CookieRules } from './session-cookie.js';

const PATH = '/graphql';
const MAX_MESSAGE_BYTES = 1 << 20;
const GOING_AWAY = 1001;
const PING_MS = 12_000;

export interface WebSocketParts extends SocketParts {
  trustedProxies: number;
  cookies: CookieRules;
}

/**
 * GraphQL over WebSocket (graphql-transport-ws). The protocol is spoken here with graphql-ws's own messages and not by its
 * server, which serialises each result for each reader and waits for each reader with a promise. No compression: a
 * context for each reader would cost more memory than all the rest of it, and no two readers could share a result's bytes.
 */
export function serveWebSockets(server: Server, parts: WebSocketParts): { stop: () => Promise<void> } {
  const sockets = new WebSocketServer({
    noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false, clientTracking: false,
    handleProtocols: (offered) => (offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false),
  });
  const open = new Set<GraphqlSocket>();
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => void accept(parts, sockets, open, request, socket, head);
  server.on('upgrade', upgrade);
  const pings = setInterval(() => {
    for (const socket of open) socket.ping();
  }, PING_MS);
  return {
    stop: async () => {
      server.off('upgrade', upgrade);
      clearInterval(pings);
      const closed = [...open].map((socket) => socket.closed());
      for (const socket of open) socket.close(GOING_AWAY, 'The server stops');
      await Promise.all(closed);
    },
  };
}

/** An upgrade is a request like any other: it counts, and another path has nothing behind it. */
async function accept(parts: WebSocketParts, sockets: WebSocketServer, open: Set<GraphqlSocket>, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const refuseIt = (): void => void socket.destroy();
  socket.on('error', refuseIt);
  try {
    if ((request.url ?? '').split('?', 1)[0] !== PATH) throw new ApexError('NOT_FOUND', 'There is no WebSocket here.');
    const { ip } = scopeFor(request, parts.trustedProxies);
    await spend(await purseFor(parts.purses, request, ip), 1);
    // The request itself is not held on to: it would be the larger part of what an idle socket costs.
    const { authorization } = request.headers;
    const session = sessionOf(request, parts.cookies);
    sockets.handleUpgrade(request, socket, head, (client) => {
      socket.off('error', refuseIt);
      if (client.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) return client.close(CloseCode.SubprotocolNotAcceptable, 'Subprotocol not acceptable');
      const one = new GraphqlSocket(client, parts, { ip, authorization, session }, () => open.delete(one));
      open.add(one);
    });
  } catch (error) {
    const { code, retryAfterSeconds } = error instanceof ApexError ? error : apexErrorOf(error, { requestId: 'upgrade', logger: parts.logger });
    const retry = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`;
    socket.end(`HTTP/1.1 ${STATUS[code]} ${STATUS_CODES[STATUS[code]]}\r\nConnection: close\r\n${retry}Content-Length: 0\r\n\r\n`);
  }
}
