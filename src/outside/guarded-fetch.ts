import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Agent, fetch, type Response } from 'undici';
import { asAddress, isInternalAddress } from './internal-addresses.js';

const DEADLINE_MS = 10_000;
const REDIRECTS = 5;

/** The address leads inward and no setting allows it. The message may be shown to a user. */
export class AddressRefused extends Error {
  constructor(readonly host: string) {
    super(`${host} leads to an internal address, which is not allowed. An operator can allow it with APEX_ALLOWED_INTERNAL.`);
    this.name = 'AddressRefused';
  }
}

export interface GuardedRequest {
  method?: string;
  headers?: Record<string, string>;
  /** Sent again only where a redirect keeps the method. */
  body?: string | undefined;
  /** How many redirects are followed; none: the redirect itself is the answer. */
  redirects?: number;
  deadlineMs?: number;
  signal?: AbortSignal | undefined;
  /** Origins of the operator's own configuration, which may be internal. */
  trusted?: readonly string[];
}

/**
 * Fetches from addresses that a user may have chosen: there is no way inward. The address that was checked is the one
 * that is connected to, each redirect is checked anew, and credentials do not follow to another origin.
 */
export class GuardedFetch {
  readonly #allowed: ReadonlySet<string>;
  readonly #guarded: Agent;
  readonly #open: Agent;

  constructor(allowedInternal: readonly string[] = []) {
    this.#allowed = new Set(allowedInternal.map((entry) => entry.toLowerCase()));
    this.#guarded = new Agent({ connect: { lookup: lookupPublic as never, timeout: DEADLINE_MS } });
    this.#open = new Agent({ connect: { timeout: DEADLINE_MS } });
  }

  /** Answers with the last response of a chain of redirects; its body is the caller's to read or cancel. */
  async fetch(address: string | URL, request: GuardedRequest = {}): Promise<Response> {
    const deadline = AbortSignal.timeout(request.deadlineMs ?? DEADLINE_MS);
    const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline;
    let url = new URL(address);
    let headers = { ...request.headers };
    for (let hop = 0; ; hop++) {
      const response = await fetch(url, {
        method: request.method ?? 'GET',
        headers,
        ...(request.body !== undefined && { body: request.body }),
        redirect: 'manual',
        signal,
        dispatcher: this.#dispatcher(url, request.trusted ?? []),
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || !location || request.redirects === 0) return response;
      await response.body?.cancel();
      if (hop >= (request.redirects ?? REDIRECTS)) break;
      if (request.body !== undefined && response.status !== 307 && response.status !== 308) throw new Error(`The address answered with a redirect (${response.status}) that would lose what was sent`);
      const next = new URL(location, url);
      if (next.origin !== url.origin) headers = withoutCredentials(headers);
      url = next;
    }
    throw new Error('Too many redirects');
  }

  /** Whether the operator allowed this internal host. */
  allows(url: URL): boolean {
    return this.#allowed.has(hostAndPort(url));
  }

  /**
   * The addresses of a host, for a program that connects by itself: it is to be held to them. Null where the operator
   * allows the host as it is, or where it is an address. Throws `AddressRefused`, or what the lookup says.
   */
  async resolve(url: URL): Promise<string[] | null> {
    if (this.allows(url)) return null;
    const address = asAddress(url.hostname);
    if (address && isInternalAddress(address)) throw new AddressRefused(url.host);
    if (address) return null;
    const found = await lookup(url.hostname, { all: true });
    if (found.some((one) => isInternalAddress(one.address))) throw new AddressRefused(url.hostname);
    return found.map((one) => one.address);
  }

  async close(): Promise<void> {
    await Promise.all([this.#guarded.destroy(), this.#open.destroy()]);
  }

  #dispatcher(url: URL, trusted: readonly string[]): Agent {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new AddressRefused(url.protocol);
    if (trusted.includes(url.origin) || this.allows(url)) return this.#open;
    const address = asAddress(url.hostname);
    if (address && isInternalAddress(address)) throw new AddressRefused(url.host);
    return this.#guarded;
  }
}

/** The cause of a failed fetch, where the guard was it. */
export function refusal(error: unknown): AddressRefused | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) if (cause instanceof AddressRefused) return cause;
  return null;
}

const hostAndPort = (url: URL): string => `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`.toLowerCase();

const withoutCredentials = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !['authorization', 'cookie'].includes(name.toLowerCase())));

/** Resolves a name for the connection itself, so there is no second answer that could differ. One internal answer refuses all. */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { all: true, ...(options.family ? { family: options.family === 'IPv6' ? 6 : options.family === 'IPv4' ? 4 : options.family } : {}) }).then(
    (found) => {
      if (found.some(({ address }) => isInternalAddress(address))) return callback(new AddressRefused(hostname), '', 0);
      if (options.all) return callback(null, found);
      const [first] = found;
      return first ? callback(null, first.address, first.family) : callback(new Error(`${hostname} has no address`), '', 0);
    },
    (error: NodeJS.ErrnoException) => callback(error, '', 0),
  );
};
