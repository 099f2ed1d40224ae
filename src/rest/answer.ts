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

/** The data of a result. Throws its first error as what it was before it became GraphQL. */
export function dataOf(result: ExecutionResult): Record<string, unknown> {
  const [error] = result.errors ?? [];
  if (error) {
    const { code, faults, retryAfterSeconds } = error.extensions as { code: ErrorCode; faults?: Fault[]; retryAfterSeconds?: number };
    throw new ApexError(code, error.message, { ...(faults && { faults }), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
  }
  return result.data ?? {};
}

export function sendJson(res: Response, answer: unknown): void {
  const body = Buffer.from(JSON.stringify(answer));
  res.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length });
  res.end(body);
}
