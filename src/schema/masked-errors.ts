import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../context.js';
import { ApexError, badRequest, type ErrorCode, type Fault } from '../errors.js';
import { withoutValues } from './quoted-values.js';

/** What every error of every door carries beside its message. */
export interface ErrorExtensions {
  [name: string]: unknown;
  code: ErrorCode;
  requestId: string;
  faults?: Fault[];
  retryAfterSeconds?: number;
}

/** Whose operation failed, for the log and the answer. */
export type Asker = Pick<RequestContext, 'requestId' | 'logger'>;

const INTERNAL = 'An internal error occurred. Give the request id to whoever runs this installation.';
const DATABASE_DOWN = 'The database cannot be reached at the moment. Nothing was changed.';
const DATABASE_RETRY_SECONDS = 5;

/** Codes of "no connection was made", so nothing can have happened: refused, no such host, starting up, too many connections. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', '57P03', '53300']);
const NOT_CONNECTED_MESSAGE = /timeout exceeded when trying to connect|Connection terminated due to connection timeout/;
/** graphql's own refusals of arguments that were made of variables; all else without a cause of ours is our fault. */
const ARGUMENT_REFUSED = /^(Argument|Variable) "/;

/** The error as the client may see it: born as ours it is shown; all else is logged once, here, and masked. */
export function apexErrorOf(error: unknown, asker: Asker): ApexError {
  const links = causes(error);
  const ours = links.find((link) => link instanceof ApexError);
  if (ours) {
    // What it tells the client is not all that whoever runs the installation wants to know.
    if (ours.cause !== undefined && ours.code !== 'INTERNAL') asker.logger.warn({ requestId: asker.requestId, code: ours.code, error: describe(causes(ours.cause)) }, 'an operation was refused for what it relies on');
    return ours;
  }
  if (links.some(hasNoConnection)) {
    asker.logger.warn({ requestId: asker.requestId, error: describe(links) }, 'the database cannot be reached');
    return new ApexError('UNAVAILABLE', DATABASE_DOWN, { retryAfterSeconds: DATABASE_RETRY_SECONDS });
  }
  if (links.every((link) => link instanceof GraphQLError) && ARGUMENT_REFUSED.test(links[0]?.message ?? '')) {
    return badRequest('An argument does not have the type that the schema asks for.');
  }
  asker.logger.error({ requestId: asker.requestId, error: describe(links) }, 'an operation failed');
  return new ApexError('INTERNAL', INTERNAL, { cause: error });
}

/** One error of an execution, masked, at the place in the answer where it happened. */
export function maskedError(error: GraphQLError, asker: Asker): GraphQLError {
  const shown = apexErrorOf(error, asker);
  return new GraphQLError(shown.message, { path: error.path ?? null, originalError: shown, extensions: extensionsOf(shown, asker.requestId) });
}

/** An error of ours in GraphQL's form. */
export function graphqlErrorOf(error: ApexError, requestId: string): GraphQLError {
  return new GraphQLError(error.message, { originalError: error, extensions: extensionsOf(error, requestId) });
}

export function extensionsOf(error: ApexError, requestId: string): ErrorExtensions {
  return {
    code: error.code,
    requestId,
    ...(error.faults && { faults: error.faults }),
    ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
  };
}

/** What graphql and Apollo refuse before an execution (syntax, validation, a wrong request) is the client's fault. */
export function refusedDocument({ message, locations }: GraphQLFormattedError, requestId?: string): GraphQLFormattedError {
  return { message: withoutValues(message), ...(locations && { locations }), extensions: { code: 'BAD_REQUEST' satisfies ErrorCode, ...(requestId && { requestId }) } };
}

/** By its shape: an error may come from another realm, as those of Node do under a test runner. */
const isError = (value: unknown): value is Error => typeof value === 'object' && value !== null && typeof (value as Error).message === 'string';

function causes(error: unknown): Error[] {
  const links: Error[] = [];
  let link = error;
  while (isError(link) && links.length < 8 && !links.includes(link)) {
    links.push(link);
    link = (link as GraphQLError).originalError ?? link.cause ?? (link as { errors?: unknown[] }).errors?.[0];
  }
  return links;
}

/** Whether the database could not be reached at all. */
export const isNotConnected = (error: unknown): boolean => causes(error).some(hasNoConnection);

const hasNoConnection = (error: Error): boolean => NOT_CONNECTED.has((error as { code?: string }).code ?? '') || NOT_CONNECTED_MESSAGE.test(error.message);

/** For the log: no statement and no values, which a database's `detail` quotes, but where it happened. */
function describe(links: Error[]): { name: string; message: string; code: string | undefined; stack: string[] } {
  const root = links.at(-1);
  const named = links.find((link) => !(link instanceof GraphQLError)) ?? root;
  const frames = (named?.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return {
    name: named?.name ?? 'Error',
    message: (root?.message ?? 'unknown').slice(0, 500),
    code: (root as { code?: string } | undefined)?.code,
    stack: frames.slice(0, 12).map((line) => line.trim()),
  };
}
