import cors from 'cors';
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { ApexError, notFound } from '../errors.js';
import type { Logger } from '../logger.js';
import { sendProblem } from '../rest/problem.js';
import { readBody } from '../rest/read-body.js';
import { apexErrorOf } from '../schema/masked-errors.js';
import { sendGraphqlError } from './graphql-answer.js';
import { alive, ready, type Readiness } from './health.js';
import type { Metrics } from './metrics.js';
import { purseFor, purseOfAddress, type PurseParts } from './purse.js';
import { isCounted, limitRequests } from './rate-limit.js';
import { openScope, scopeOf } from './scope.js';

export interface AppParts {
  /** Null where it has not been built. */
  dashboard: RequestHandler | null;
  rest: RequestHandler;
  documentation: RequestHandler;
  /** By its path. */
  webhooks: ReadonlyMap<string, RequestHandler>;
  graphql: RequestHandler;
  graphqlStream: RequestHandler;
  purses: PurseParts;
  readiness: Readiness;
  metrics: Metrics;
  metricsToken: string | undefined;
  trustedProxies: number;
  corsOrigins: readonly string[];
  logger: Logger;
}

/** All doors on one port. */
export function createApp(parts: AppParts): Express {
  const app = bareApp(parts.trustedProxies);
  app.use(parts.metrics.observe());
  app.get('/healthz', alive);
  app.get('/readyz', ready(parts.readiness));
  app.get('/metrics', parts.metrics.serve(parts.metricsToken));
  if (parts.corsOrigins.length > 0) app.use(cors({ origin: [...parts.corsOrigins], exposedHeaders: ['X-Request-Id', 'Link', 'Retry-After'], maxAge: 600 }));
  app.use(parts.documentation);
  if (parts.dashboard) app.use(parts.dashboard);
  const limitRest = limitRequests(async (_req, ip) => purseOfAddress(parts.purses.limiter, ip), (error, res) => sendProblem(res, error, scopeOf(res).requestId));
  const limitGraphql = limitRequests((req, ip) => purseFor(parts.purses, req, ip), (error, res) => sendGraphqlError(res, error, scopeOf(res).requestId));
  // Before the limit of requests: deliveries have limits of their own.
  for (const [path, webhook] of parts.webhooks) app.use(path, webhook);
  app.use('/api', (req, res, next) => (isCounted(req) ? limitRest(req, res, next) : next()), parts.rest);
  app.use('/graphql/stream', named('/graphql/stream'), limitGraphql, parts.graphqlStream);
  app.use('/graphql', named('/graphql'), limitGraphql, withBody(parts.logger), parts.graphql);
  finish(app, parts.logger);
  return app;
}

/** Answers while the server starts: alive, not ready, and why. A page of the dashboard asks again by itself. */
export function createStartingApp(why: () => string, dashboard: RequestHandler | null, trustedProxies: number, logger: Logger): Express {
  const app = bareApp(trustedProxies);
  app.get('/healthz', alive);
  if (dashboard) app.use(dashboard);
  app.use((_req, res) => sendProblem(res, new ApexError('UNAVAILABLE', why(), { retryAfterSeconds: 2 }), scopeOf(res).requestId));
  finish(app, logger);
  return app;
}

function bareApp(trustedProxies: number): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(openScope(trustedProxies));
  // The sandbox of a development server brings its own scripts; every page of ours sets its own policy.
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] } } }));
  app.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });
  return app;
}

const named =
  (route: string): RequestHandler =>
  (_req, res, next) => {
    res.locals.route = route;
    next();
  };

const withBody =
  (logger: Logger): RequestHandler =>
  async (req: Request, res: Response, next) => {
    const { requestId } = scopeOf(res);
    try {
      req.body = req.method === 'POST' ? await readBody(req, res) : undefined;
    } catch (error) {
      return sendGraphqlError(res, error instanceof ApexError ? error : apexErrorOf(error, { requestId, logger }), requestId);
    }
    next();
  };

function finish(app: Express, logger: Logger): void {
  app.use((_req, res) => sendProblem(res, notFound(), scopeOf(res).requestId));
  const failed: ErrorRequestHandler = (error, _req, res, _next) => {
    const { requestId } = scopeOf(res);
    // A path that cannot be decoded is express's own 400.
    const isPath = error instanceof URIError;
    sendProblem(res, isPath ? notFound() : error instanceof ApexError ? error : apexErrorOf(error, { requestId, logger }), requestId);
  };
  app.use(failed);
}
