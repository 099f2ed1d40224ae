import express, { type Request, type Response } from 'express';
import { ApexError, badRequest } from '../errors.js';

const MAX_BODY = '1mb';

const parseJson = express.json({ limit: MAX_BODY, strict: false, type: () => true });

/** The JSON of a request, or undefined where it has no body. Throws 400, 413 or 415. */
export async function readBody(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return undefined;
  if (!isJson(req)) throw new ApexError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON: send "Content-Type: application/json".');
  await new Promise<void>((resolve, reject) => parseJson(req, res, (error?: unknown) => (error ? reject(bodyError(error)) : resolve())));
  return req.body as unknown;
}

const hasBody = (req: Request): boolean => req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

function isJson(req: Request): boolean {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type === 'application/json' || /^application\/[\w.+-]+\+json$/.test(type);
}

/** What the parser says of a body, in our words: its own quote the body. */
export function bodyError(error: unknown): ApexError {
  const { type, status } = error as { type?: string; status?: number };
  if (type === 'entity.too.large') return new ApexError('PAYLOAD_TOO_LARGE', 'The body is larger than 1 MiB.');
  if (status === 415) return new ApexError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON in UTF-8, compressed with nothing but gzip, deflate or br.');
  if (type === 'entity.parse.failed') return badRequest('The body is not valid JSON.');
  return badRequest('The body could not be read.');
}
