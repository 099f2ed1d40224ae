import type { Request, RequestHandler, Response } from 'express';
import { parse, type DocumentNode, type ExecutionResult } from 'graphql';
import type { RequestContext } from '../context.js';
import { ApexError, badRequest, type ErrorCode, type Fault } from '../errors.js';
import type { OperationRunner } from '../operation.js';
import { BodyRoom, readRawBody } from './raw-body.js';

/** A forge's own address, the one operation behind it, and what of its headers matters. */
export interface ForgeAddress {
  path: string;
  operation: DocumentNode;
  /** Header of the signature, and its form. */
  signature: { header: string; form: RegExp };
  /** Headers that are kept. */
  kept: RegExp;
}

const receive = (field: string): DocumentNode => parse(`mutation ${field}($input: ForgeEventInput!) { ${field}(input: $input) { deliveryId outcome deployments } }`);

export const GITHUB_ADDRESS: ForgeAddress = {
  path: '/api/webhooks/github',
  operation: receive('receiveGithubEvent'),
  signature: { header: 'x-hub-signature-256', form: /^sha256=[0-9a-f]{64}$/ },
  kept: /^(x-github-[a-z-]+|x-hub-signature-256|content-type|user-agent)$/,
};

export const GITEA_ADDRESS: ForgeAddress = {
  path: '/api/webhooks/gitea',
  operation: receive('receiveGiteaEvent'),
  signature: { header: 'x-gitea-signature', form: /^[0-9a-f]{64}$/ },
  kept: /^(x-gitea-[a-z-]+|content-type|user-agent)$/,
};

export const FORGE_ADDRESSES: readonly ForgeAddress[] = [GITHUB_ADDRESS, GITEA_ADDRESS];

/** What the composition root hands in. */
export interface ForgeDoorParts {
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

/**
 * A forge's webhook: raw bytes and headers in, one operation, one answer. Nothing of a body is read unless it carries a
 * signature in the right form, and never more than 25 MiB; whether it holds is decided by the operation.
 */
export function createForgeDoor(parts: ForgeDoorParts, address: ForgeAddress): RequestHandler {
  const room = new BodyRoom();
  return (req, res, next) => {
    if (req.path !== '/') return next();
    res.locals.route = address.path;
    serve(parts, address, room, req, res).catch((error: unknown) => {
      if (res.destroyed) return;
      if (!req.complete && !isSmall(req)) res.setHeader('Connection', 'close');
      parts.refuse(res, error instanceof ApexError ? error : parts.explain(error, res));
    });
  };
}

async function serve(parts: ForgeDoorParts, address: ForgeAddress, room: BodyRoom, req: Request, res: Response): Promise<void> {
  if (req.method !== 'POST') throw new ApexError('METHOD_NOT_ALLOWED', 'This path answers to POST.');
  if (!address.signature.form.test(String(req.headers[address.signature.header] ?? ''))) {
    await parts.countUnsigned(res);
    throw new ApexError('UNAUTHENTICATED', 'The delivery carries no signature: set a secret in the settings of the webhook.');
  }
  const service = serviceOf(req);
  if (!isJson(req)) throw new ApexError('UNSUPPORTED_MEDIA_TYPE', 'The delivery must be JSON: set the content type of the webhook to application/json.');
  const held = room.hold();
  try {
    const body = await readRawBody(req, held.take);
    const result = await parts.operations.run({ document: address.operation, variables: { input: { service, headers: headersOf(req, address.kept), body } } }, parts.open(res));
    const data = await dataOf(parts, result, res);
    if (!res.destroyed) res.json(Object.values(data)[0]);
  } finally {
    held.release();
  }
}

/** The data, or what the operation threw; a signature that does not hold is counted. */
async function dataOf(parts: ForgeDoorParts, { data, errors }: ExecutionResult, res: Response): Promise<Record<string, unknown>> {
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

const headersOf = ({ headers }: Request, kept: RegExp): { name: string; value: string }[] =>
  Object.entries(headers).flatMap(([name, value]) => (kept.test(name) && typeof value === 'string' ? [{ name, value }] : []));

/** As it is, and not compressed: the signature is of the bytes. */
function isJson({ headers }: Request): boolean {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json' && (headers['content-encoding'] ?? 'identity') === 'identity';
}

const isSmall = ({ headers }: Request): boolean => headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= SMALL_BODY;
