import type { ServerResponse } from 'node:http';
import type { ApexError, ErrorCode, Fault } from '../errors.js';
import { STATUS, TITLE } from './statuses.js';

/** An error's body, as RFC 9457 has it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  requestId: string;
  errors?: Fault[];
}

export const PROBLEM_TYPE = 'application/problem+json';

export function problemOf(error: ApexError, requestId: string): Problem {
  return {
    type: `urn:apex:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: TITLE[error.code],
    status: STATUS[error.code],
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.code === 'BAD_REQUEST' && { errors: error.faults ?? [] }),
  };
}

/** Answers with the problem, unless an answer has begun: then the connection is cut, so that no half looks like a whole. */
export function sendProblem(res: ServerResponse, error: ApexError, requestId: string, headers: Record<string, string> = {}): void {
  if (res.headersSent) return void res.destroy();
  const problem = problemOf(error, requestId);
  const body = JSON.stringify(problem);
  res.writeHead(problem.status, {
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': Buffer.byteLength(body),
    ...(problem.status === 401 && { 'WWW-Authenticate': 'Bearer' }),
    ...(error.retryAfterSeconds !== undefined && { 'Retry-After': String(error.retryAfterSeconds) }),
    ...headers,
  });
  res.end(body);
}
