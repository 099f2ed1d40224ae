import type { Response } from 'express';
import type { RequestContext } from '../context.js';
import type { OperationRunner } from '../operation.js';
import { at, dataOf } from './answer.js';
import { drained } from './drained.js';
import type { ServedRoute } from './route-table.js';

const PAGE = 500;

/**
 * A list as one JSON object a line, page by page to its end: it is never whole in memory. Each page asks anew who it is for
 * (`again`), so a token that is revoked meanwhile gets no more. What fails on the way cuts the connection.
 */
export async function sendNdjson(operations: OperationRunner, first: RequestContext, again: () => Promise<RequestContext>, route: ServedRoute, variables: Record<string, unknown>, res: Response): Promise<void> {
  const { info, limit, cursor } = route.page as NonNullable<ServedRoute['page']>;
  let after = variables[cursor];
  let context = first;
  for (let hasNext = true; hasNext && !res.destroyed; ) {
    const data = dataOf(route, await operations.run({ document: route.operation, variables: { ...variables, [limit]: PAGE, [cursor]: after } }, context));
    if (!res.headersSent) res.writeHead(200, { 'Content-Type': 'application/x-ndjson; charset=utf-8' });
    const lines = (at(data, route.answer) as unknown[]).map((item) => `${JSON.stringify(item)}\n`).join('');
    if (lines && !res.write(lines)) await drained(res);
    const next = at(data, info) as { hasNextPage: boolean; endCursor: string | null };
    hasNext = next.hasNextPage;
    after = next.endCursor;
    if (hasNext) context = await again();
  }
  res.end();
}
