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
  // One part behind, so that the last bytes go out only once all of it is known to be whole.
  let held: Buffer = Buffer.alloc(0);
  let left = 0;
  for await (const result of results) {
    if (res.destroyed) return;
    if (res.headersSent && result.errors) break;
    const part = at(dataOf(route, result), route.answer) as Part;
    if (!res.headersSent) left = begin(res, part);
    if (req.method === 'HEAD') return void res.end();
    left -= held.length;
    if (part.last && left === 0) return void res.end(held);
    if (held.length > 0 && !res.write(held)) await drained(res);
    held = Buffer.from(part.bytes, 'base64');
  }
  res.destroy();
}

/** Answers how many bytes are to come. */
function begin(res: Response, { fileName, size }: Part): number {
  res.setTimeout(STILL_MS, () => res.destroy());
  res.writeHead(200, {
    'Content-Type': 'application/octet-stream', 'Content-Length': size, 'Content-Disposition': `attachment; filename="${fileName}"`, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff',
  });
  return size;
}
