import { createRequire } from 'node:module';
import { randomBytes, randomUUID } from 'node:crypto';
import { sign } from '@octokit/webhooks-methods';
import type { PushEvent } from '@octokit/webhooks-types';
import { http, type HttpAnswer } from './http.js';
import type { TestServer } from './test-server.js';

export const SECRET = 'a secret of the installation';
export const REPOSITORY = 'Codertocat/Hello-World';

/** Payloads as GitHub has published them: of each event, several. */
export const EXAMPLES = createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: Record<string, any>[] }[];

export const newCommit = (): string => randomBytes(20).toString('hex');

export interface PushWish {
  repository?: string;
  /** That it is on. */
  host?: string;
  branch?: string;
  ref?: string;
  before?: string;
  after?: string;
  pushedAt?: number;
  created?: boolean;
  deleted?: boolean;
  forced?: boolean;
  message?: string;
  /** Files that its one commit modified. */
  modified?: string[];
}

/** GitHub's own example of a push, with what the test is about put in. */
export function pushOf({ repository = REPOSITORY, host = 'github.com', branch = 'main', ref = `refs/heads/${branch}`, before = newCommit(), after = newCommit(), pushedAt, created = false, deleted = false, forced = false, message = 'Change', modified = ['README.md'] }: PushWish = {}): PushEvent {
  const example = EXAMPLES.find(({ name }) => name === 'push')!.examples.find(({ commits }) => commits.length > 0)! as PushEvent;
  const commit = { ...example.commits[0]!, id: after, message, added: [], removed: [], modified };
  return {
    ...example, ref, before, after, created, deleted, forced, commits: deleted ? [] : [commit], head_commit: deleted ? null : commit,
    repository: { ...example.repository, full_name: repository, html_url: `https://${host}/${repository}`, pushed_at: pushedAt ?? example.repository.pushed_at },
  };
}

export interface PullRequestWish {
  action?: string;
  number?: number;
  repository?: string;
  branch?: string;
  commit?: string;
  /** Of the branch: null is one that was deleted. */
  from?: string | null;
  /** In seconds since 1970. */
  at?: number;
}

/** GitHub's own example of a pull request, with what the test is about put in. */
export function pullRequestOf({ action = 'opened', number = 7, repository = REPOSITORY, branch = 'feature/one', commit = newCommit(), from = repository, at = 1_800_000_000 }: PullRequestWish = {}): any {
  const kind = ['opened', 'reopened', 'synchronize', 'closed'].includes(action) ? action : 'labeled';
  const example = EXAMPLES.find(({ name }) => name === 'pull_request')!.examples.find((one) => one['action'] === kind)!;
  const { pull_request: pull } = example;
  return {
    ...example, action, number, repository: { ...example['repository'], full_name: repository },
    pull_request: {
      ...pull, number, html_url: `https://github.com/${repository}/pull/${number}`, updated_at: new Date(at * 1000).toISOString(),
      head: { ...pull.head, ref: branch, sha: commit, repo: from === null ? null : { ...pull.head.repo, full_name: from } },
      base: { ...pull.base, repo: { ...pull.base.repo, full_name: repository } },
    },
  };
}

export interface DeliveryWish {
  event?: string;
  /** Sent as JSON; or `body` as it is. */
  payload?: unknown;
  body?: string | Buffer;
  id?: string | null;
  secret?: string;
  /** In place of the right one; null sends none. */
  signature?: string | null;
  service?: string;
  headers?: Record<string, string>;
}

/** A delivery as GitHub sends it. */
export async function deliver(server: Pick<TestServer, 'url'>, { event = 'push', payload = {}, body = JSON.stringify(payload), id = randomUUID(), secret = SECRET, signature, service, headers = {} }: DeliveryWish): Promise<HttpAnswer> {
  const signed = signature === undefined ? await sign(secret, body.toString()) : signature;
  return http(`${server.url}/api/webhooks/github${service === undefined ? '' : `?service=${encodeURIComponent(service)}`}`, {
    method: 'POST',
    raw: body,
    headers: {
      'content-type': 'application/json', 'user-agent': 'GitHub-Hookshot/044aadd', 'x-github-event': event, 'x-github-hook-id': '292430182',
      ...(id === null ? {} : { 'x-github-delivery': id }), ...(signed === null ? {} : { 'x-hub-signature-256': signed }), ...headers,
    },
  });
}

export const push = (server: Pick<TestServer, 'url'>, wish: PushWish = {}, delivery: DeliveryWish = {}): Promise<HttpAnswer> => deliver(server, { payload: pushOf(wish), ...delivery });
