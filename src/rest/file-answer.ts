import type { Request, Response } from 'express';
import type { RequestContext } from '../context.js';
import type { OperationRunner, OperationRequest } from '../operation.js';
import { at, dataOf } from './answer.js';
import { drained } from './drained.js';
import type { ServedRoute } from './route-table.js';

/** Where nothing moves for so long, the reader or the file is gone. */
const STILL_MS = 60_000;

interface Part {
  fileName: string;
  size: number;
  /** In base64. */
  bytes: string;
  last: boolean;
}

interface FileRequest {
  operations: OperationRunner;
  context: RequestContext;
  route: ServedRoute;
  variables: OperationRequest['variables'];
  req: Request;
  res: Response;
}

/**
 * A file, never whole in memory: what is read of it is what the client takes. It begins once its first part is there, so
 * that a refusal is an answer of its own; from then on, whatever fails cuts the connection before Content-Length is reached.
 */
export async function sendFile({ operations, context, route, variables, req, res }: FileRequest): Promise<void> {
  const results = await operations.subscribe({ document: route.operation, variables }, context);
  if ('deliver' in results) throw new Error('The parts of a file are for one reader');
  if (!(Symbol.asyncIterator in results)) return void dataOf(route, results);
  let isWhole = false;
  let sent = 0;
  for await (const result of results) {
    if (res.destroyed) return;
    const part = res.headersSent && result.errors ? null : (at(dataOf(route, result), route.answer) as Part);
    if (part === null) break;
    if (!res.headersSent) begin(res, part);
    if (req.method === 'HEAD') return void res.end();
    const bytes = Buffer.from(part.bytes, 'base64');
    sent += bytes.length;
    isWhole = part.last && sent === part.size;
    if (bytes.length > 0 && !res.write(bytes)) await drained(res);
  }
  if (isWhole) res.end();
  else res.destroy();
}

function begin(res: Response, { fileName, size }: Part): void {
  res.setTimeout(STILL_MS, () => res.destroy());
  res.writeHead(200, {
    'Content-Type': 'application/octet-stream', 'Content-Length': size, 'Content-Disposition': `attachment; filename="${fileName}"`, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff',
  });
}
