import type { Request, RequestHandler, Response } from 'express';
import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.js';
import { ApexError, badRequest } from '../errors.js';
import type { Logger } from '../logger.js';
import type { OperationRequest, OperationRunner } from '../operation.js';
import { drained } from '../rest/drained.js';
import { OpenAnswers, type OpenForm } from '../rest/open-answers.js';
import { readBody } from '../rest/read-body.js';
import { operationOf } from '../schema/document-limits.js';
import { apexErrorOf } from '../schema/masked-errors.js';
import { withoutValues } from '../schema/quoted-values.js';
import type { DocumentGate } from './document-gate.js';
import { sendGraphqlError } from './graphql-answer.js';
import { purseOf } from './purse.js';
import { spend } from './rate-limit.js';
import { scopeOf } from './scope.js';

export interface StreamParts {
  operations: OperationRunner;
  gate: DocumentGate;
  open: (req: Request, res: Response) => Promise<RequestContext>;
  logger: Logger;
}

const HEARTBEAT = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';
const nextEvent = (result: ExecutionResult): string => `event: next\ndata: ${JSON.stringify(result)}\n\n`;
const EVENTS: OpenForm = { heartbeat: HEARTBEAT, encoding: { encode: (result) => Buffer.from(nextEvent(result)) }, farewell: (last) => (last ? nextEvent(last) : '') + COMPLETE };

interface Prepared {
  request: OperationRequest;
  context: RequestContext;
  isSubscription: boolean;
}

/**
 * GraphQL over server-sent events, one connection for each operation (graphql-sse's "distinct connections"): for curl, and
 * through proxies that know no WebSocket. Written here because that library's handler keeps everything that a slow reader
 * has not read yet, without a bound.
 */
export function createGraphqlStream(parts: StreamParts): RequestHandler {
  const answers = new OpenAnswers();
  return async (req, res) => {
    const { requestId } = scopeOf(res);
    try {
      const { request, context, isSubscription } = await prepare(parts, req, res);
      const results = await (isSubscription ? parts.operations.subscribe(request, context) : parts.operations.run(request, context));
      if ('deliver' in results) await answers.send(begin(res), results, EVENTS, context.signal);
      else if (Symbol.asyncIterator in results) await send(answers, res, results);
      else if (results.data === undefined && results.errors?.[0]?.originalError instanceof ApexError) throw results.errors[0].originalError;
      else await send(answers, res, [results]);
    } catch (error) {
      const shown = error instanceof ApexError ? error : apexErrorOf(error, { requestId, logger: parts.logger });
      sendGraphqlError(res, shown, requestId);
    }
  };
}

function begin(res: Response): Response {
  res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  res.write(HEARTBEAT);
  return res;
}

async function send(answers: OpenAnswers, res: Response, results: AsyncIterable<ExecutionResult> | ExecutionResult[]): Promise<void> {
  const letGo = answers.hold(begin(res), HEARTBEAT);
  try {
    for await (const result of results) {
      if (!res.write(nextEvent(result))) await drained(res);
      if (res.destroyed) return;
    }
    res.end(COMPLETE);
  } finally {
    letGo();
  }
}

/** Everything that can be refused is refused before the stream begins, so that the status tells. */
async function prepare({ open, gate }: StreamParts, req: Request, res: Response): Promise<Prepared> {
  if (req.method !== 'GET' && req.method !== 'POST') throw new ApexError('METHOD_NOT_ALLOWED', 'This path answers to GET and POST.');
  if (!req.accepts('text/event-stream')) throw badRequest('This path answers with server-sent events: send "Accept: text/event-stream".');
  const context = await open(req, res);
  const { query, operationName, variables } = paramsOf(req.method === 'GET' ? req.query : await readBody(req, res));
  const { document, errors, rootFields } = gate.admit(query, operationName, context.actor);
  if (errors.length > 0) throw badRequest(errors.map(({ message }) => withoutValues(message)).join(' '));
  const kind = operationOf(document, operationName)?.operation;
  if (kind === 'mutation' && req.method === 'GET') throw new ApexError('METHOD_NOT_ALLOWED', 'A mutation needs POST.');
  await spend(purseOf(res), rootFields - 1, res);
  return { request: { document, variables, ...(operationName && { operationName }) }, context, isSubscription: kind === 'subscription' };
}

function paramsOf(body: unknown): { query: string; operationName: string | undefined; variables: Record<string, unknown> } {
  const given = (body ?? {}) as { query?: unknown; operationName?: unknown; variables?: unknown };
  if (typeof given.query !== 'string') throw badRequest('The request needs a "query".');
  return { query: given.query, operationName: typeof given.operationName === 'string' ? given.operationName : undefined, variables: variablesOf(given.variables) };
}

function variablesOf(given: unknown): Record<string, unknown> {
  try {
    const variables = typeof given === 'string' ? (JSON.parse(given) as unknown) : given;
    if (variables === undefined || variables === null) return {};
    if (typeof variables === 'object' && !Array.isArray(variables)) return variables as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw badRequest('"variables" must be a JSON object.');
}
