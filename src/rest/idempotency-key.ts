import type { Request } from 'express';
import type { RequestContext } from '../context.js';
import { badRequest } from '../errors.js';

const HEADER = 'Idempotency-Key';
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Notes the client's key for its change. Throws a 400 for one that cannot be a key. */
export function readIdempotencyKey(req: Request, context: RequestContext): void {
  const key = req.get(HEADER);
  if (key === undefined) return;
  if (!KEY.test(key)) throw badRequest('The request is not valid.', [{ path: HEADER, message: 'must be 1 to 255 visible ASCII characters' }]);
  context.idempotencyKey = key;
}
