import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ApexError } from '../errors.js';
import type { Allowance, RateLimiter } from '../limits/rate-limiter.js';
import { scopeOf } from './scope.js';

const WINDOW_SECONDS = 60;

/** How a door answers an error in its own form. */
export type Refuse = (error: ApexError, res: Response) => void;

/** Counts each request once, before anything else is done for it. */
export function limitRequests(limiter: RateLimiter, refuse: Refuse): RequestHandler {
  return (_req: Request, res: Response, next: NextFunction) => {
    spend(limiter, scopeOf(res).ip, 1, res).then(
      () => next(),
      (error: unknown) => (error instanceof ApexError ? refuse(error, res) : next(error)),
    );
  };
}

/** Takes `points` of the address's allowance. Throws RATE_LIMITED, with the true time to wait. */
export async function spend(limiter: RateLimiter, ip: string, points: number, res?: ServerResponse): Promise<void> {
  if (points < 1) return;
  const allowance = await limiter.consume(ip, points);
  if (!allowance) return;
  if (res && !res.headersSent) tell(res, allowance);
  if (!allowance.allowed) throw rateLimited(allowance);
}

function tell(res: ServerResponse, { limit, remaining, resetSeconds }: Allowance): void {
  res.setHeader('RateLimit-Policy', `${limit};w=${WINDOW_SECONDS}`);
  res.setHeader('RateLimit-Limit', limit);
  res.setHeader('RateLimit-Remaining', remaining);
  res.setHeader('RateLimit-Reset', resetSeconds);
}

const rateLimited = ({ limit, resetSeconds }: Allowance): ApexError =>
  new ApexError('RATE_LIMITED', `More than ${limit} requests in a minute came from this address. Try again in ${resetSeconds} s.`, { retryAfterSeconds: resetSeconds });

/** Paths that a client is counted for: what is served from memory or watched by machines is free. */
export const isCounted = (req: IncomingMessage): boolean => !/^\/api\/(openapi\.json|docs)(\/|\?|$)/.test(req.url ?? '');
