import { stripVTControlCharacters } from 'node:util';
import type { Request, Response } from 'express';
import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.js';
import { ApexError } from '../errors.js';
import type { OperationRunner, ResultEncoding } from '../operation.js';
import { at, dataOf, sendJson } from './answer.js';
import type { OpenAnswers } from './open-answers.js';
import { problemOf } from './problem.js';
import type { ServedRoute } from './route-table.js';

interface Line {
  timestamp: string;
  replica: string;
  stream: string;
  message: string;
  cursor: string;
  /** Asked for with `full`. */
  raw?: string;
  cut?: boolean;
}

interface Batch {
  lines: Line[];
  dropped: number;
  gap: boolean;
}

/** How lines, losses and a last error are written in one form of stream. */
interface Form {
  type: string;
  line(line: Line): string;
  lost(batch: Batch): string;
  failed(error: ApexError, requestId: string): string;
  /** Keeps proxies from closing a silent stream. */
  heartbeat: string;
}

interface LogRequest {
  operations: OperationRunner;
  context: RequestContext;
  route: ServedRoute;
  variables: Record<string, unknown>;
  follow: boolean;
  answers: OpenAnswers;
  req: Request;
  res: Response;
}

const NDJSON: Form = {
  type: 'application/x-ndjson; charset=utf-8',
  line: (line) => `${JSON.stringify(line)}\n`,
  lost: ({ dropped, gap }) => `${JSON.stringify({ dropped, gap })}\n`,
  failed: (error, requestId) => `${JSON.stringify({ error: problemOf(error, requestId) })}\n`,
  heartbeat: '\n',
};

const SSE: Form = {
  type: 'text/event-stream; charset=utf-8',
  line: (line) => `id: ${line.cursor}\ndata: ${JSON.stringify(line)}\n\n`,
  lost: ({ dropped, gap }) => `event: lost\ndata: ${JSON.stringify({ dropped, gap })}\n\n`,
  failed: (error, requestId) => `event: failed\ndata: ${JSON.stringify(problemOf(error, requestId))}\n\n`,
  heartbeat: ': still here\n\n',
};

const PLAIN: Form = {
  type: 'text/plain; charset=utf-8',
  line: (line) => `${line.timestamp} ${line.replica} ${stripVTControlCharacters(line.raw ?? line.message)}${line.cut ? CUT : ''}\n`,
  lost: ({ dropped, gap }) => (gap ? '… lines are missing here\n' : `… ${dropped} lines were lost here\n`),
  failed: (error) => `… ended: ${error.message}\n`,
  heartbeat: '',
};

/** The same in the colours that the containers wrote, for who asked. */
const COLORED: Form = { ...PLAIN, line: (line) => `${line.timestamp} ${line.replica} ${line.raw ?? line.message}${line.cut ? CUT : ''}\n` };
const CUT = ' … (cut: the line is longer than 64 KiB)';

/** Log lines: a list, or a stream until the client leaves. */
export async function sendLogs(request: LogRequest): Promise<void> {
  const { operations, context, route, req, res } = request;
  const form = formOf(req, request.follow, request.variables.full === true);
  // Text shows whole lines, of JSON too.
  const variables = form?.type === PLAIN.type ? { ...request.variables, full: true } : request.variables;
  if (request.follow) return follow({ ...request, variables }, form ?? NDJSON);
  const lines = at(dataOf(route, await operations.run({ document: route.operation, variables }, context)), route.answer) as Line[];
  if (form?.type !== PLAIN.type) return sendJson(res, lines);
  res.writeHead(200, { 'Content-Type': PLAIN.type });
  res.end(lines.map(form.line).join(''));
}

function formOf(req: Request, follows: boolean, full: boolean): Form | null {
  const accepted = req.accepts(follows ? ['application/x-ndjson', 'application/json', 'text/event-stream', 'text/plain'] : ['application/json', 'text/plain']);
  return accepted === 'text/event-stream' ? SSE : accepted === 'text/plain' ? (full ? COLORED : PLAIN) : null;
}

async function follow({ operations, context, route, variables, answers, req, res }: LogRequest, form: Form): Promise<void> {
  const { operation } = route.follow as NonNullable<ServedRoute['follow']>;
  const after = req.get('last-event-id');
  const results = await operations.subscribe({ document: operation, variables: after ? { ...variables, after } : variables }, context);
  if (!('deliver' in results)) {
    if (!(Symbol.asyncIterator in results)) dataOf(route, results);
    throw new Error('The lines of a log are shared');
  }
  res.writeHead(200, { 'Content-Type': form.type, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  res.flushHeaders();
  const farewell = (last: ExecutionResult | undefined): string => (last ? form.failed(errorOf(route, last), context.requestId) : '');
  await answers.send(res, results, { heartbeat: form.heartbeat, encoding: encodingOf(route, form), farewell }, context.signal);
}

function errorOf(route: ServedRoute, result: ExecutionResult): ApexError {
  try {
    dataOf(route, result);
  } catch (error) {
    if (error instanceof ApexError) return error;
  }
  return new ApexError('INTERNAL', 'The stream has ended.');
}

/** One for each route and form, so that all who read in the same form share what is written. */
const ENCODINGS = new WeakMap<ServedRoute, Map<Form, ResultEncoding>>();

function encodingOf(route: ServedRoute, form: Form): ResultEncoding {
  const ofRoute = ENCODINGS.get(route) ?? new Map<Form, ResultEncoding>();
  ENCODINGS.set(route, ofRoute);
  const encoding = ofRoute.get(form) ?? { encode: (result) => Buffer.from(textOf(at(dataOf(route, result), route.follow?.batch ?? []) as Batch, form)) };
  ofRoute.set(form, encoding);
  return encoding;
}

const textOf = (batch: Batch, form: Form): string => (batch.dropped > 0 || batch.gap ? form.lost(batch) : '') + batch.lines.map(form.line).join('');
