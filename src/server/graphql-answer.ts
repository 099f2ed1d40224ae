import type { ServerResponse } from 'node:http';
import { HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { ApexError, ErrorCode } from '../errors.js';
import { STATUS } from '../rest/statuses.js';
import { extensionsOf } from '../schema/masked-errors.js';

/** An execution that answered nothing has the status of its error only where a client acts on the status alone. */
const TOLD_BY_STATUS: ReadonlySet<ErrorCode> = new Set(['UNAUTHENTICATED', 'RATE_LIMITED', 'UNAVAILABLE', 'INTERNAL']);

/** Status and headers of an error that comes before or instead of an execution. */
export function headOf(error: Pick<ApexError, 'code' | 'retryAfterSeconds'>): { status: number; headers: HeaderMap } {
  const headers = new HeaderMap();
  if (error.code === 'UNAUTHENTICATED') headers.set('www-authenticate', 'Bearer');
  if (error.retryAfterSeconds !== undefined) headers.set('retry-after', String(error.retryAfterSeconds));
  return { status: STATUS[error.code], headers };
}

/** Status of an executed operation: 400 where it never ran, else 200 unless nothing was answered and the code says more. */
export function statusOf(data: unknown, code: ErrorCode | undefined): number {
  if (code === undefined) return 200;
  const answered = data !== null && data !== undefined && Object.values(data).some((value) => value !== null);
  if (answered) return 200;
  return data === undefined || TOLD_BY_STATUS.has(code) ? STATUS[code] : 200;
}

/** For Apollo, which takes the head from the error. */
export const apolloError = (error: ApexError, requestId: string): GraphQLError =>
  new GraphQLError(error.message, { originalError: error, extensions: { ...extensionsOf(error, requestId), http: headOf(error) } });

/** The body of an answer that is only an error. */
export const errorBody = (error: ApexError, requestId: string): string => JSON.stringify({ errors: [{ message: error.message, extensions: extensionsOf(error, requestId) }] });

/** Answers with an error of ours in GraphQL's form. */
export function sendGraphqlError(res: ServerResponse, error: ApexError, requestId: string): void {
  if (res.headersSent) return void res.destroy();
  const { status, headers } = headOf(error);
  const body = errorBody(error, requestId);
  res.writeHead(status, { ...Object.fromEntries(headers), 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}
