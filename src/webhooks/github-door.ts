import type { Request, RequestHandler, Response } from 'express';
import { parse, type ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.js';
import { ApexError, badRequest, type ErrorCode, type Fault } from '../errors.js';
import type { OperationRunner } from '../operation.js';
import { BodyRoom, readRawBody } from './raw-body.js';

export const GITHUB_PATH = '/api/webhooks/github';

/** The one operation behind this door. */
export const RECEIVE = parse('mutation receiveGithubEvent($input: GithubEventInput!) { receiveGithubEvent(input: $input) { deliveryId outcome deployments } }');

/** What the composition root hands in. */
export interface GithubDoorParts {
  operations: OperationRunner;
  /** A context of the webhook itself, which nobody else has. */
  open: (res: Response) => RequestContext;
  refuse: (res: Response, error: ApexError) => void;
  /** Turns what is no error of ours into one, and logs it. */
  explain: (error: unknown, res: Response) => ApexError;
  /** Counts a delivery that proved nothing, for its address. Throws RATE_LIMITED. */
  countUnsigned: (res: Response) => Promise<void>;
}

/** A smaller rest of a body is read and thrown away, so that the answer reaches who is still sending. */
const SMALL_BODY = 1024 * 1024;
const SIGNATURE = /^sha256=[0-9a-f]{64}$/;
const KEPT_HEADER = /^(x-github-[a-z-]+|x-hub-signature-256|content-type|user-agent)$/;

/**
 * GitHub's webhook: raw bytes and headers in, one operation, one answer. Nothing of a body is read unless it carries a
 * signature in the right form, and never more than 25 MiB; whether it holds is decided by the operation.
 */
export function createGithubDoor(parts: GithubDoorParts): RequestHandler {
  const room = new BodyRoom();
  return (req, res, next) => {
    if (req.path !== '/') return next();
    res.locals.route = GITHUB_PATH;
    serve(parts, room, req, res).catch((error: unknown) => {
      if (res.destroyed) return;
      if (!req.complete && !isSmall(req)) res.setHeader('Connection', 'close');
      parts.refuse(res, error instanceof ApexError ? error : parts.explain(error, res));
    });
  };
}

async function serve(parts: GithubDoorParts, room: BodyRoom, req: Request, res: Response): Promise<void> {
  if (req.method !== 'POST') throw new ApexError('METHOD_NOT_ALLOWED', 'This path answers to POST.');
  if (!SIGNATURE.test(String(req.headers['x-hub-signature-256'] ?? ''))) {
    await parts.countUnsigned(res);
    throw new ApexError('UNAUTHENTICATED', 'The delivery carries no signature: set a secret in the settings of the webhook.');
  }
  const service = serviceOf(req);
  if (!isJson(req)) throw new ApexError('UNSUPPORTED_MEDIA_TYPE', 'The delivery must be JSON: set the content type of the webhook to application/json.');
  const held = room.hold();
  try {
    const body = await readRawBody(req, held.take);
    const result = await parts.operations.run({ document: RECEIVE, variables: { input: { service, headers: headersOf(req), body } } }, parts.open(res));
    const data = await dataOf(parts, result, res);
    if (!res.destroyed) res.json(data.receiveGithubEvent);
  } finally {
    held.release();
  }
}

/** The data, or what the operation threw; a signature that does not hold is counted. */
async function dataOf(parts: GithubDoorParts, { data, errors }: ExecutionResult, res: Response): Promise<Record<string, unknown>> {
  const [error] = errors ?? [];
  if (!error) return data ?? {};
  const { code, faults, retryAfterSeconds } = error.extensions as { code: ErrorCode; faults?: Fault[]; retryAfterSeconds?: number };
  if (code === 'UNAUTHENTICATED') await parts.countUnsigned(res);
  throw new ApexError(code, error.message, { ...(faults && { faults }), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
}

/** The service whose own secret it is signed with, where the address names one. */
function serviceOf(req: Request): string | null {
  const mark = req.originalUrl.indexOf('?');
  const given = mark < 0 ? [] : new URLSearchParams(req.originalUrl.slice(mark + 1)).getAll('service');
  if (given.length > 1) throw badRequest('The request is not valid.', [{ path: 'service', message: 'must be given once' }]);
  return given[0] ?? null;
}

const headersOf = ({ headers }: Request): { name: string; value: string }[] =>
  Object.entries(headers).flatMap(([name, value]) => (KEPT_HEADER.test(name) && typeof value === 'string' ? [{ name, value }] : []));

/** As it is, and not compressed: the signature is of the bytes. */
function isJson({ headers }: Request): boolean {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json' && (headers['content-encoding'] ?? 'identity') === 'identity';
}

const isSmall = ({ headers }: Request): boolean => headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= SMALL_BODY;
