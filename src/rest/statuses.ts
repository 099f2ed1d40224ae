import type { ErrorCode } from '../errors.js';

/** The HTTP status of each code; a new code without one does not compile. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  CLUSTER_REQUIRED: 503,
  UNAVAILABLE: 503,
};

/** The title of each code's problem. */
export const TITLE: Readonly<Record<ErrorCode, string>> = {
  BAD_REQUEST: 'Bad request',
  UNAUTHENTICATED: 'Missing or invalid token',
  FORBIDDEN: 'Insufficient permissions',
  NOT_FOUND: 'Not found',
  METHOD_NOT_ALLOWED: 'Method not allowed',
  PAYLOAD_TOO_LARGE: 'Payload too large',
  UNSUPPORTED_MEDIA_TYPE: 'Unsupported media type',
  RATE_LIMITED: 'Rate limited',
  INTERNAL: 'Internal error',
  CLUSTER_REQUIRED: 'Feature requires K8s',
  UNAVAILABLE: 'Unavailable',
};
