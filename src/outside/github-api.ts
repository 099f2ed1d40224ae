import { Octokit } from '@octokit/core';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { refusal, type GuardedFetch } from './guarded-fetch.js';

/** With its retry, a call ends well within the time of an operation. */
const CALL_MS = 4_000;
const RETRIES = 1;
/** What GitHub asks for where a secondary limit tells no time. */
const SECONDARY_SECONDS = 60;
const MOST_PAGES = 10;
const PAGE = 100;

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

export interface CommitStatus {
  repository: string;
  commit: string;
  state: 'pending' | 'success' | 'failure' | 'error';
  context: string;
  /** At most 140 characters are shown. */
  description: string;
  url: string | null;
}

export interface Comment {
  repository: string;
  /** Of the pull request. */
  number: number;
  /** Stands in the body, and in no comment of anybody else. */
  marker: string;
  body: string;
  /** Of the comment that is to be changed, where it is known. */
  id: string | null;
}

/** The host of the repositories that an API speaks of: GitHub's own is on another host than they, an Enterprise Server's on the same. */
export function githubHost(apiUrl = 'https://api.github.com'): string {
  const { host } = new URL(apiUrl);
  return host === 'api.github.com' ? 'github.com' : host;
}

const Client = Octokit.plugin(throttling, retry);

/**
 * The few calls to GitHub's REST API, or to Enterprise Server's, each with a deadline and through the guarded fetch. One
 * write a second, as GitHub asks; a limit that is met is told to the caller, who waits without holding anything.
 */
export class GithubApi {
  readonly #baseUrl: string;
  readonly #guard: GuardedFetch;
  readonly #isPaced: boolean;

  /** Without `isPaced` nothing waits before a write or a second try: for a server that is not GitHub. */
  constructor(baseUrl: string, guard: GuardedFetch, isPaced = true) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#guard = guard;
    this.#isPaced = isPaced;
  }

  /** Throws GithubRefusal. */
  async setStatus(token: string, { repository, commit, state, context, description, url }: CommitStatus, signal?: AbortSignal): Promise<void> {
    const client = this.#client(token, signal);
    await told(client.request('POST /repos/{owner}/{repo}/statuses/{sha}', { ...named(repository), sha: commit, state, context, description, ...(url && { target_url: url }) }));
  }

  /** Changes our one comment, or writes it where it is not there (any more). Answers its id. Throws GithubRefusal. */
  async writeComment(token: string, comment: Comment, signal?: AbortSignal): Promise<string> {
    const client = this.#client(token, signal);
    const known = comment.id ?? (await this.#find(client, comment));
    if (known) {
      try {
        await told(client.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', { ...named(comment.repository), comment_id: Number(known), body: comment.body }));
        return known;
      } catch (error) {
        if (!(error instanceof GithubRefusal && error.message.startsWith('404'))) throw error;
      }
    }
    const { data } = await told(client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...named(comment.repository), issue_number: comment.number, body: comment.body }));
    return String(data.id);
  }

  /** One that was written before, and whose id was lost on the way. */
  async #find(client: Octokit, { repository, number, marker }: Comment): Promise<string | null> {
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const { data } = await told(client.request('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...named(repository), issue_number: number, per_page: PAGE, page }));
      const ours = data.find(({ body }) => body?.startsWith(marker));
      if (ours) return String(ours.id);
      if (data.length < PAGE) return null;
    }
    return null;
  }

  #client(token: string, signal?: AbortSignal): Octokit {
    return new Client({
      auth: token,
      baseUrl: this.#baseUrl,
      userAgent: 'apex',
      request: {
        fetch: (address: string, { method, headers, body }: { method?: string; headers?: Record<string, string>; body?: string }) =>
          this.#guard.fetch(address, { ...(method && { method }), ...(headers && { headers }), body, deadlineMs: CALL_MS, signal }),
      },
      // A limit that was met is the caller's to wait out.
      retry: { retries: RETRIES, doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451], ...(!this.#isPaced && { retryAfterBaseValue: 0 }) },
      throttle: { enabled: this.#isPaced, onRateLimit: () => false, onSecondaryRateLimit: () => false },
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    });
  }
}

function named(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}

interface ResponseError {
  status?: number;
  message: string;
  response?: { headers?: Record<string, string | number | undefined>; data?: { message?: unknown } };
}

/** Turns what octokit throws into what a caller can act on. */
async function told<T>(call: Promise<T>): Promise<T> {
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
