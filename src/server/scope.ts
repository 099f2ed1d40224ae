import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { clientAddress } from '../limits/client-address.js';

/** What is known of every request from its first moment. */
export interface Scope {
  requestId: string;
  /** The client's address, after the trusted proxies. */
  ip: string;
}

export function scopeFor(req: IncomingMessage, trustedProxies: number): Scope {
  const forwarded = req.headers['x-forwarded-for'];
  return { requestId: randomUUID(), ip: clientAddress(req.socket.remoteAddress, Array.isArray(forwarded) ? forwarded.join(',') : forwarded, trustedProxies) };
}

/** Gives every request its scope and every answer the request's id. */
export const openScope =
  (trustedProxies: number): RequestHandler =>
  (req, res, next) => {
    const scope = scopeFor(req, trustedProxies);
    res.locals.scope = scope;
    res.setHeader('X-Request-Id', scope.requestId);
    next();
  };

export const scopeOf = (res: Response): Scope => res.locals.scope as Scope;
