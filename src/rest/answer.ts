import type { Response } from 'express';
import type { ExecutionResult } from 'graphql';
import { ApexError, notFound, type ErrorCode, type Fault } from '../errors.js';
import type { ServedRoute } from './route-table.js';

/** The answer in the row's shape. */
export function answerOf(route: ServedRoute, data: Record<string, unknown>): unknown {
  const answer = at(data, route.answer);
  if (answer === null || answer === undefined) throw notFound();
  if (route.flatten) {
    const fields = Object.entries(route.flatten);
    for (const item of Array.isArray(answer) ? answer : [answer]) for (const [field, inner] of fields) item[field] = item[field]?.[inner] ?? null;
  }
  return answer;
}

export const at = (data: unknown, path: readonly string[]): unknown => path.reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], data);

/** The data of a result. Throws its first error as what it was before it became GraphQL, with paths as the row's client wrote them. */
export function dataOf(route: ServedRoute, result: ExecutionResult): Record<string, unknown> {
  const [error] = result.errors ?? [];
  if (error) {
    const { code, faults, retryAfterSeconds } = error.extensions as { code: ErrorCode; faults?: Fault[]; retryAfterSeconds?: number };
    throw new ApexError(code, error.message, { ...(faults && { faults: faults.map(({ path, message }) => ({ path: written(route, path), message })) }), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
  }
  return result.data ?? {};
}

export function sendJson(res: Response, answer: unknown): void {
  const body = Buffer.from(JSON.stringify(answer));
  res.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length });
  res.end(body);
}

/** The name of a place in the query or the body. */
function written(route: ServedRoute, place: string): string {
  const names = { ...route.query, ...(route.page && { limit: route.page.limit, cursor: route.page.cursor }), ...(typeof route.body === 'object' && route.body) };
  return Object.entries(names).find(([, at]) => at === place)?.[0] ?? place;
}
