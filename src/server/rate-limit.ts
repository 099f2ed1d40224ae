import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ApexError } from '../errors.js';
import type { Allowance } from '../limits/rate-limiter.js';
import type { Purse } from './purse.js';
import { scopeOf } from './scope.js';

const WINDOW_SECONDS = 60;

/** How a door answers an error in its own form. */
export type Refuse = (error: ApexError, res: Response) => void;

/** Counts each request once, before anything else is done for it. */
export function limitRequests(open: (req: Request, ip: string) => Promise<Purse>, refuse: Refuse): RequestHandler {
  return async (req: Request, res: Response, next: NextFunction) => {
    try {
      const purse = await open(req, scopeOf(res).ip);
      res.locals.purse = purse;
      await spend(purse, 1, res);
    } catch (error) {
      return error instanceof ApexError ? refuse(error, res) : next(error);
    }
    next();
  };
}

/** Takes `points` out of the purse. Throws RATE_LIMITED, with the true time to wait. */
export async function spend({ limiter, key, whose }: Purse, points: number, res?: ServerResponse): Promise<void> {
  if (points < 1) return;
  const allowance = await limiter.consume(key, points);
  if (!allowance) return;
  if (res && !res.headersSent) tell(res, allowance);
  if (!allowance.allowed) throw rateLimited(allowance, whose);
}

function tell(res: ServerResponse, { limit, remaining, resetSeconds }: Allowance): void {
  res.setHeader('RateLimit-Policy', `${limit};w=${WINDOW_SECONDS}`);
  res.setHeader('RateLimit-Limit', limit);
  res.setHeader('RateLimit-Remaining', remaining);
  res.setHeader('RateLimit-Reset', resetSeconds);
}

const rateLimited = ({ limit, resetSeconds }: Allowance, whose: Purse['whose']): ApexError =>
  new ApexError('RATE_LIMITED', `More than ${limit} requests in a minute came from this ${whose}. Try again in ${resetSeconds} s.`, { retryAfterSeconds: resetSeconds });

/** Paths that a client is counted for: what is served from memory or watched by machines is free. */
export const isCounted = (req: IncomingMessage): boolean => !/^\/api\/(openapi\.json|docs)(\/|\?|$)/.test(req.url ?? '');
