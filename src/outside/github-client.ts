import { Octokit } from '@octokit/core';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { refusal, type GuardedFetch } from './guarded-fetch.js';

/** With its retry, a call ends well within the time of an operation. */
const CALL_MS = 4_000;
const RETRIES = 1;
/** What GitHub asks for where a secondary limit tells no time. */
const SECONDARY_SECONDS = 60;

/** Why GitHub did not take it, as a sentence without any of what was sent. */
export class GithubRefusal extends Error {
  constructor(
    message: string,
    /** It would not take it later either. */
    readonly isFinal: boolean,
    /** Where a limit was met: nothing before that. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = 'GithubRefusal';
  }
}

const Client = Octokit.plugin(throttling, retry);

export interface ClientWish {
  /** Null for calls that bring their own. */
  token: string | null;
  /** One write a second, as GitHub asks. */
  isPaced: boolean;
  signal?: AbortSignal | undefined;
}

/** A client of GitHub's REST API whose calls have a deadline and go through the guarded fetch. */
export function githubClient(baseUrl: string, guard: GuardedFetch, { token, isPaced, signal }: ClientWish): Octokit {
  return new Client({
    ...(token !== null && { auth: token }),
    baseUrl: baseUrl.replace(/\/+$/, ''),
    userAgent: 'apex',
    request: {
      fetch: (address: string, { method, headers, body }: { method?: string; headers?: Record<string, string>; body?: string }) =>
        guard.fetch(address, { ...(method && { method }), ...(headers && { headers }), body, deadlineMs: CALL_MS, signal }),
    },
    // A limit that was met is the caller's to wait out.
    retry: { retries: RETRIES, doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451], ...(!isPaced && { retryAfterBaseValue: 0 }) },
    throttle: { enabled: isPaced, onRateLimit: () => false, onSecondaryRateLimit: () => false },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
}

/** A repository's two names. */
export function named(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}

interface ResponseError {
  status?: number;
  message: string;
  response?: { headers?: Record<string, string | number | undefined>; data?: { message?: unknown } };
}

/** Turns what octokit throws into what a caller can act on. */
export async function told<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    throw refused(thrown as ResponseError);
  }
}

function refused(error: ResponseError): GithubRefusal {
  const inward = refusal(error);
  if (inward) return new GithubRefusal(inward.message, true);
  const { status, response } = error;
  if (!status || !response) return new GithubRefusal('GitHub could not be reached.', false);
  const headers = response.headers ?? {};
  const said = typeof response.data?.message === 'string' ? response.data.message.slice(0, 200) : '';
  const wait = waitOf(status, headers, said);
  if (wait !== null) return new GithubRefusal(`${status}: a rate limit of GitHub was met.`, false, wait);
  return new GithubRefusal(`${status} ${said}`.trim(), status < 500);
}

/** Seconds until the limit that was met allows more; null where none was. */
function waitOf(status: number, headers: Record<string, string | number | undefined>, said: string): number | null {
  if (status !== 403 && status !== 429) return null;
  const after = Number(headers['retry-after']);
  if (after > 0) return Math.ceil(after);
  if (String(headers['x-ratelimit-remaining']) === '0') return Math.max(1, Math.ceil(Number(headers['x-ratelimit-reset']) - Date.now() / 1000) + 1);
  return status === 429 || /secondary rate/i.test(said) ? SECONDARY_SECONDS : null;
}
