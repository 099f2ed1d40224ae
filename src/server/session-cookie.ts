import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionCookies } from '../context.js';

const NAME = 'apex_session';

/** From where a browser may come with its session. */
export interface CookieRules {
  /** Origins beside the server's own. */
  origins: ReadonlySet<string>;
  /** Whether clients reach the server over TLS: then the cookie never travels without. */
  isSecure: boolean;
}

export function cookieRules(publicUrl: string | undefined, corsOrigins: readonly string[]): CookieRules {
  const own = publicUrl === undefined ? [] : [new URL(publicUrl).origin];
  return { origins: new Set([...own, ...corsOrigins]), isSecure: publicUrl?.startsWith('https:') ?? false };
}

/**
 * The session that a request carries; none where the page that sent it is not ours. A browser names the origin of every
 * POST and every socket; where it names none, it must say that the page is of the same origin.
 */
export function sessionOf(req: IncomingMessage, { origins }: CookieRules): string | undefined {
  const secret = cookieOf(req.headers.cookie);
  if (secret === undefined) return undefined;
  const { origin } = req.headers;
  if (origin === undefined) return req.headers['sec-fetch-site'] === 'same-origin' ? secret : undefined;
  return origins.has(origin) || isOwn(origin, req.headers.host) ? secret : undefined;
}

/** Keeps the session in the client of `res`, out of reach of scripts and of other sites. */
export function sessionCookies(res: ServerResponse, { isSecure }: CookieRules): SessionCookies {
  const set = (value: string, end: Date): void =>
    void res.appendHeader('Set-Cookie', `${NAME}=${value}; Path=/graphql; Expires=${end.toUTCString()}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`);
  return { start: set, end: () => set('', new Date(0)) };
}

function cookieOf(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === NAME && value) return value;
  }
  return undefined;
}

function isOwn(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
