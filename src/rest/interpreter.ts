import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { RequestContext } from '../context.js';
import { ApexError, notFound, unauthenticated } from '../errors.js';
import type { OperationRunner } from '../operation.js';
import { answerOf, at, dataOf, sendJson } from './answer.js';
import { sendFile } from './file-answer.js';
import { sendLogs } from './log-answer.js';
import { sendNdjson } from './ndjson-answer.js';
import { OpenAnswers } from './open-answers.js';
import { sendProblem } from './problem.js';
import { readIdempotencyKey } from './idempotency-key.js';
import { readBody } from './read-body.js';
import { readVariables } from './read-request.js';
import { RouteTable, type Match, type ServedRoute } from './route-table.js';
import { untilDone } from './wait.js';

/** What the composition root hands in. */
export interface RestParts {
  routes: readonly ServedRoute[];
  operations: OperationRunner;
  /** Authenticates the request and opens its context. Throws ApexError. */
  open: (req: Request, res: Response) => Promise<RequestContext>;
  /** The id that the answer carries in X-Request-Id. */
  requestIdOf: (res: Response) => string;
  /** Turns what is no error of ours into one, and logs it. */
  explain: (error: unknown, requestId: string) => ApexError;
}

/** Serves all rows. What is not in the table is a 404, and a wrong method a 405. */
export function createRestDoor(parts: RestParts): RequestHandler {
  const table = new RouteTable(parts.routes);
  const answers = new OpenAnswers();
  return (req: Request, res: Response, _next: NextFunction) => {
    const requestId = parts.requestIdOf(res);
    serve(parts, table, answers, req, res).catch((error: unknown) => {
      if (res.destroyed) return;
      const shown = error instanceof ApexError ? error : parts.explain(error, requestId);
      sendProblem(res, shown, requestId, shown instanceof WrongMethod ? { Allow: shown.allow } : {});
    });
  };
}

/** 405, with the methods that would do. */
class WrongMethod extends ApexError {
  constructor(readonly allow: string) {
    super('METHOD_NOT_ALLOWED', `This path answers to ${allow}.`);
  }
}

async function serve(parts: RestParts, table: RouteTable, answers: OpenAnswers, req: Request, res: Response): Promise<void> {
  const { path, search } = locate(req);
  const found = table.find(req.method, path);
  if (!found) throw notFound();
  if ('allow' in found) throw new WrongMethod(found.allow);
  res.locals.route = found.route.path;
  if (req.headers.authorization === undefined && !found.route.isPublic) throw unauthenticated();
  const context = await parts.open(req, res);
  if (found.route.method !== 'GET') readIdempotencyKey(req, context);
  const body = found.route.method === 'GET' || found.route.method === 'DELETE' ? undefined : await readBody(req, res);
  await run(parts, context, found, search, body, answers, req, res);
}

/** Path and query of the request as it came, without a trailing slash. */
function locate(req: Request): { path: string; search: string } {
  const url = req.originalUrl;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return { path: path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path, search: mark < 0 ? '' : url.slice(mark + 1) };
}

async function run({ operations, open }: RestParts, context: RequestContext, match: Match, search: string, body: unknown, answers: OpenAnswers, req: Request, res: Response): Promise<void> {
  const { route, params } = match;
  const { variables, controls } = readVariables(route, params, search, body);
  if (route.follow) return sendLogs({ operations, context, route, variables, follow: controls.follow, answers, req, res });
  if (route.isFile) return sendFile({ operations, context, route, variables, req, res });
  if (route.ndjson && req.accepts(['application/json', 'application/x-ndjson']) === 'application/x-ndjson') return sendNdjson(operations, context, () => open(req, res), route, variables, res);
  let data = dataOf(route, await operations.run(request(route, variables), context));
  if (controls.wait > 0 && (await untilDone(operations, context, route, params, at(data, route.answer), controls.wait))) {
    data = dataOf(route, await operations.run(request(route, variables), context));
  }
  if (res.destroyed) return;
  if (route.page && controls.limit) linkNext(req, res, at(data, route.page.info));
  sendJson(res, answerOf(route, data));
}

const request = ({ operation }: ServedRoute, variables: Record<string, unknown>) => ({ document: operation, variables });

function linkNext(req: Request, res: Response, info: unknown): void {
  const { hasNextPage, endCursor } = info as { hasNextPage: boolean; endCursor: string | null };
  if (!hasNextPage || !endCursor) return;
  const url = new URL(req.originalUrl, 'http://relative');
  url.searchParams.set('cursor', endCursor);
  res.setHeader('Link', `<${url.pathname}${url.search}>; rel="next"`);
}
