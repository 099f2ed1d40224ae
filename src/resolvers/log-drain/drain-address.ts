import type { RequestContext } from '../../context.js';
import { invalidInput } from '../../schema/check-input.js';

/** Throws BAD_REQUEST for an address without TLS, unless it is an internal one that the operator allowed. */
export function requireSafeAddress(context: RequestContext, address: string, allowedInternal: readonly string[]): void {
  const url = new URL(address);
  if (url.protocol !== 'http:') return;
  if (allowedInternal.some((entry) => entry.toLowerCase() === `${url.hostname}:${url.port || 80}`.toLowerCase())) return;
  throw invalidInput(context, [{ path: 'url', message: 'must be https: plain http is only for addresses that the operator allowed with APEX_ALLOWED_INTERNAL' }]);
}
