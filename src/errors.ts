/**
 * The closed list of errors a client can see. REST maps each code to a status exhaustively;
 * anything that is not an `ApexError` is masked as INTERNAL before it leaves a door.
 */
export const ERROR_CODES = [
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'RATE_LIMITED',
  'CLUSTER_REQUIRED',
  'UNAVAILABLE',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One fault of an input: `path` as the client wrote it (`env.NODE_ENV`, `replicas`), `message` a sentence. */
export interface Fault {
  path: string;
  message: string;
}

export interface ErrorDetails {
  /** For BAD_REQUEST: every fault of the input. */
  faults?: Fault[];
  /** For RATE_LIMITED and UNAVAILABLE: seconds until it makes sense to try again. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An error meant for the client: its message is shown as it is, so it holds no secret, no SQL and no other tenant's name. */
export class ApexError extends Error {
  readonly faults: Fault[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.name = 'ApexError';
    this.faults = details.faults;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** 400 with the faults of the input. */
export const badRequest = (message: string, faults?: Fault[]): ApexError =>
  new ApexError('BAD_REQUEST', message, faults ? { faults } : {});

/** 401: no token, or one that is malformed, unknown, expired or revoked. */
export const unauthenticated = (): ApexError =>
  new ApexError('UNAUTHENTICATED', 'A valid API token is required: send "Authorization: Bearer YOUR_API_TOKEN".');

/** 403: known, but not allowed. */
export const forbidden = (message = 'You do not have permission to do this.'): ApexError =>
  new ApexError('FORBIDDEN', message);

/** 404: missing and foreign look the same, byte for byte. */
export const notFound = (): ApexError => new ApexError('NOT_FOUND', 'The resource does not exist.');

/** 503 "Feature requires K8s": `detail` says which cluster, and how far a starting one is. */
export const clusterRequired = (detail: string): ApexError => new ApexError('CLUSTER_REQUIRED', detail);
