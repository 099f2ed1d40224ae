import { z } from 'zod';
import { BRANCH } from '../../schema/source.rules.js';
import type { PullRequest, PullRequestChange } from './pull-request.js';
import { asksToSkip, branchOf, type Push } from './push.js';

/** GitHub leaves out what is beyond this, so that nobody can know which files were touched. */
const MOST_COMMITS = 2048;

const SHA = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a commit');
const NAME = z.string().min(1).max(200);
const FILES = z.array(z.string()).nullish();
const TIME = z.union([z.number(), z.string()]);

/** Parts of GitHub's payloads, which Gitea's resemble; what is not named here is not looked at. */
export const PUSH = z.object({
  ref: z.string().min(1).max(1024),
  before: SHA,
  after: SHA,
  created: z.boolean().nullish(),
  deleted: z.boolean().nullish(),
  forced: z.boolean().nullish(),
  commits: z.array(z.object({ added: FILES, removed: FILES, modified: FILES })).nullish(),
  /** Gitea lists only the newest and tells how many there are. */
  total_commits: z.number().nullish(),
  head_commit: z.object({ message: z.string() }).nullish(),
  repository: z.object({ full_name: NAME, html_url: z.string().max(2000).nullish(), pushed_at: TIME.nullish() }),
});

export const PULL_REQUEST = z.object({
  action: z.string(),
  number: z.number().int().positive().max(2_000_000_000),
  pull_request: z.object({
    html_url: z.url({ protocol: /^https?$/ }).max(2000),
    updated_at: TIME,
    head: z.object({ ref: BRANCH, sha: SHA, repo: z.object({ full_name: NAME }).nullish(), repo_id: z.number().nullish() }),
    base: z.object({ repo_id: z.number().nullish() }),
  }),
  repository: z.object({ full_name: NAME }),
});

/** Of any event. */
export const ANY = z.object({ action: NAME.nullish(), repository: z.object({ full_name: NAME }).nullish() });

export function pushOf(payload: z.output<typeof PUSH>): Push {
  const { repository, commits, total_commits: total, forced } = payload;
  const isCreated = payload.created ?? isNothing(payload.before);
  const isWhole = commits?.length && commits.length < MOST_COMMITS && commits.length >= (total ?? 0) && commits.every(({ added, removed, modified }) => added ?? removed ?? modified);
  return {
    repository: repository.full_name,
    host: hostOf(repository.html_url),
    ref: payload.ref,
    branch: branchOf(payload.ref),
    before: payload.before,
    commit: payload.after,
    pushedAt: secondsOf(repository.pushed_at),
    isDeleted: payload.deleted ?? isNothing(payload.after),
    isSkipped: asksToSkip(payload.head_commit?.message),
    paths: isCreated || forced || !isWhole ? null : commits.flatMap(({ added, removed, modified }) => [...(added ?? []), ...(removed ?? []), ...(modified ?? [])]),
  };
}

export function pullRequestOf({ number, pull_request: { html_url: url, updated_at, head, base }, repository }: z.output<typeof PULL_REQUEST>, change: PullRequestChange): PullRequest {
  return {
    repository: repository.full_name,
    number,
    change,
    url,
    branch: head.ref,
    commit: head.sha,
    isFork: isElsewhere(head, base, repository.full_name),
    at: secondsOf(updated_at) ?? 0,
  };
}

type Ends = z.output<typeof PULL_REQUEST>['pull_request'];

/** A head repository that is null was deleted or is hidden: it counts as a fork. Only Gitea may leave it out, and then gives its id. */
function isElsewhere(head: Ends['head'], base: Ends['base'], repository: string): boolean {
  if (head.repo === undefined && head.repo_id != null) return head.repo_id !== base.repo_id;
  return head.repo?.full_name.toLowerCase() !== repository.toLowerCase();
}

const hostOf = (url: string | null | undefined): string | null => (url && URL.canParse(url) ? new URL(url).host || null : null);

/** What stands for no commit. */
const isNothing = (commit: string): boolean => /^0+$/.test(commit);

function secondsOf(time: number | string | null | undefined): number | null {
  const seconds = typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(time) / 1000 : NaN;
  return Number.isFinite(seconds) ? Math.floor(seconds) : null;
}
