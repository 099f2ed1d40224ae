import type { Octokit } from '@octokit/core';
import { githubClient, named, told, GithubRefusal } from './github-client.js';
import type { GuardedFetch } from './guarded-fetch.js';

const MOST_PAGES = 10;
const PAGE = 100;

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
    this.#baseUrl = baseUrl;
    this.#guard = guard;
    this.#isPaced = isPaced;
  }

  /** Throws GithubRefusal. */
  async setStatus(token: string, { repository, commit, state, context, description, url }: CommitStatus, signal?: AbortSignal): Promise<void> {
    const client = githubClient(this.#baseUrl, this.#guard, { token, isPaced: this.#isPaced, signal });
    await told(client.request('POST /repos/{owner}/{repo}/statuses/{sha}', { ...named(repository), sha: commit, state, context, description, ...(url && { target_url: url }) }));
  }

  /** Changes our one comment, or writes it where it is not there (any more). Answers its id. Throws GithubRefusal. */
  async writeComment(token: string, comment: Comment, signal?: AbortSignal): Promise<string> {
    const client = githubClient(this.#baseUrl, this.#guard, { token, isPaced: this.#isPaced, signal });
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
}
