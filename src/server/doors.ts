import type { Server } from 'node:http';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { GraphQLSchema } from 'graphql';
import type { Authenticate } from '../auth/authenticate.js';
import type { Config } from '../config.js';
import type { Door, RequestContext } from '../context.js';
import type { Database } from '../entities/database.js';
import type { ApexError } from '../errors.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import type { Logger } from '../logger.js';
import type { SchemaOperations } from '../operation-runner.js';
import { requireCluster, type ClusterState, type Orchestrator } from '../orchestrator/port.js';
import { createDocumentation } from '../rest/documentation.js';
import { createRestDoor } from '../rest/interpreter.js';
import { openApiOf } from '../rest/openapi.js';
import { sendProblem } from '../rest/problem.js';
import type { ServedRoute } from '../rest/route-table.js';
import { ROUTES } from '../rest/routes/all-routes.js';
import { apexErrorOf } from '../schema/masked-errors.js';
import { createForgeDoor, FORGE_ADDRESSES, type ForgeDoorParts } from '../webhooks/forge-door.js';
import { WEBHOOK_PATHS } from '../webhooks/webhook-paths.js';
import { checkedShape } from './operation-shapes.js';
import { DocumentGate } from './document-gate.js';
import { createGraphqlHttp } from './graphql-http.js';
import { createGraphqlStream } from './graphql-stream.js';
import { serveWebSockets } from './graphql-ws.js';
import { createApp } from './http-app.js';
import { inTime } from './in-time.js';
import type { Metrics } from './metrics.js';
import { actorOf, OperationContext, type ContextParts } from './operation-context.js';
import type { OpenStreams } from './open-streams.js';
import { purseOfAddress, type PurseParts } from './purse.js';
import { spend } from './rate-limit.js';
import { scopeOf } from './scope.js';
import { cookieRules, sessionCookies, sessionOf, type CookieRules } from './session-cookie.js';

const API_VERSION = '1';
const DATABASE_DEADLINE_MS = 3_000;
const AUTHENTICATION_MS = 3_000;

export interface DoorParts {
  http: Server;
  config: Config;
  url: string;
  /** Null where it has not been built. */
  dashboard: RequestHandler | null;
  orm: Database;
  schema: GraphQLSchema;
  operations: SchemaOperations;
  authenticate: Authenticate;
  streams: OpenStreams;
  limiter: RateLimiter;
  /** Counts the requests of each session of the dashboard. */
  sessionLimiter: RateLimiter;
  /** Counts deliveries whose signature does not hold. */
  unsignedLimiter: RateLimiter;
  orchestrator: Orchestrator;
  metrics: Metrics;
  logger: Logger;
  isStopping: () => boolean;
}

/** All doors over one pipeline. Throws when a row of the REST table does not fit the schema. */
export async function createDoors(parts: DoorParts): Promise<{ app: Express; stop: () => Promise<void> }> {
  const { config, schema, operations, limiter, sessionLimiter, logger, streams } = parts;
  const isProduction = config.NODE_ENV === 'production';
  const contexts: ContextParts = { orm: parts.orm, authenticate: parts.authenticate, streams, logger };
  const cookies = cookieRules(config.APEX_PUBLIC_URL, config.APEX_CORS_ORIGINS);
  const gate = new DocumentGate(schema, isProduction);
  const purses: PurseParts = { limiter, sessionLimiter, authenticate: parts.authenticate, cookies };
  const shared = { schema, operations, gate, logger };
  const routes = servedRoutes(schema, operations);
  const graphql = await createGraphqlHttp({ ...shared, open: opener(contexts, 'graphql', cookies), isProduction });
  const sockets = serveWebSockets(parts.http, { ...shared, purses, streams, contexts, trustedProxies: config.APEX_TRUSTED_PROXIES, cookies });
  const app = createApp({
    dashboard: parts.dashboard,
    rest: createRestDoor({ routes, operations, open: opener(contexts, 'rest'), requestIdOf: (res) => scopeOf(res).requestId, explain: (error, requestId) => apexErrorOf(error, { requestId, logger }) }),
    documentation: createDocumentation(openApiOf(routes, config.APEX_PUBLIC_URL ?? parts.url, API_VERSION, WEBHOOK_PATHS)),
    webhooks: webhooks(parts, contexts),
    graphql: graphql.handler,
    graphqlStream: createGraphqlStream({ ...shared, open: opener(contexts, 'sse', cookies) }),
    purses,
    readiness: { api: () => whyNotServing(parts), cluster: () => clusterFault(parts.orchestrator.cluster()) },
    metrics: parts.metrics,
    metricsToken: config.APEX_METRICS_TOKEN,
    trustedProxies: config.APEX_TRUSTED_PROXIES,
    corsOrigins: config.APEX_CORS_ORIGINS,
    logger,
  });
  return {
    app,
    stop: async () => {
      await sockets.stop();
      streams.stop();
      parts.http.closeIdleConnections();
      await graphql.stop();
    },
  };
}

/** Validates and compiles the document of each row, and derives from the schema what the row does not say. */
function servedRoutes(schema: GraphQLSchema, operations: SchemaOperations): ServedRoute[] {
  return ROUTES.map((route) => {
    for (const { operation } of [route.wait, route.follow].filter((more) => more !== undefined)) checkedShape(schema, operation);
    const shape = checkedShape(schema, route.operation);
    if (!route.isFile) operations.prepare(route.operation);
    return { ...route, shape };
  });
}

function webhooks({ schema, operations, unsignedLimiter, logger }: DoorParts, contexts: ContextParts): Map<string, RequestHandler> {
  for (const { operation } of FORGE_ADDRESSES) checkedShape(schema, operation);
  const actor = { kind: 'system', name: 'webhook' } as const;
  const parts: ForgeDoorParts = {
    operations,
    open: (res) => new OperationContext(contexts, scopeOf(res), 'webhook', actor, (left) => (res.closed ? left() : res.once('close', left))),
    refuse: (res, error) => sendProblem(res, error, scopeOf(res).requestId, error.code === 'METHOD_NOT_ALLOWED' ? { Allow: 'POST' } : {}),
    explain: (error, res) => apexErrorOf(error, { requestId: scopeOf(res).requestId, logger }),
    countUnsigned: (res) => spend(purseOfAddress(unsignedLimiter, scopeOf(res).ip), 1, res),
  };
  return new Map(FORGE_ADDRESSES.map((address) => [address.path, createForgeDoor(parts, address)]));
}

const opener =
  (contexts: ContextParts, door: Door, cookies?: CookieRules) =>
  async (req: Request, res: Response): Promise<RequestContext> => {
    const actor = await inTime(actorOf(contexts, { authorization: req.headers.authorization, session: cookies && sessionOf(req, cookies) }), AUTHENTICATION_MS);
    return new OperationContext(contexts, scopeOf(res), door, actor, (left) => (res.closed ? left() : res.once('close', left)), cookies && sessionCookies(res, cookies));
  };

async function whyNotServing({ orm, isStopping }: DoorParts): Promise<string | null> {
  if (isStopping()) return 'The server is stopping.';
  const asked = inTime(orm.em.getConnection().execute('select 1'), DATABASE_DEADLINE_MS);
  return asked.then(() => null, () => 'The database cannot be reached.');
}

function clusterFault(state: ClusterState): ApexError | null {
  try {
    requireCluster(state);
    return null;
  } catch (error) {
    return error as ApexError;
  }
}
