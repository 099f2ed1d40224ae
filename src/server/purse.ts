import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import type { Authenticate } from '../auth/authenticate.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import { inTime } from './in-time.js';
import { sessionOf, type CookieRules } from './session-cookie.js';

const AUTHENTICATION_MS = 3_000;

/** What a request spends from. */
export interface Purse {
  limiter: RateLimiter;
  /** An address, or the id of a session. */
  key: string;
  whose: 'address' | 'session';
}

export interface PurseParts {
  /** Counts by address. */
  limiter: RateLimiter;
  /** Counts by session, whatever the address: colleagues behind one address do not use up each other's. */
  sessionLimiter: RateLimiter;
  authenticate: Authenticate;
  cookies: CookieRules;
}

export const purseOfAddress = (limiter: RateLimiter, ip: string): Purse => ({ limiter, key: ip, whose: 'address' });

/** The session's, where the request comes with one that holds: one that was made up would be an allowance for the asking. Else the address's. */
export async function purseFor({ limiter, sessionLimiter, authenticate, cookies }: PurseParts, req: IncomingMessage, ip: string): Promise<Purse> {
  const session = req.headers.authorization === undefined ? sessionOf(req, cookies) : undefined;
  if (session !== undefined) {
    const actor = await inTime(authenticate(undefined, session), AUTHENTICATION_MS).catch(() => null);
    if (actor && 'tokenId' in actor) return { limiter: sessionLimiter, key: actor.tokenId, whose: 'session' };
  }
  return purseOfAddress(limiter, ip);
}

/** Of a request that was counted already. */
export const purseOf = (res: Response): Purse => res.locals.purse as Purse;
