import { z } from 'zod';
import { WebhookOutcome } from '../../entities/webhook-outcome.js';
import { badRequest } from '../../errors.js';
import { asksToSkip, branchOf, type Push } from './push.js';

/** What a delivery says, as far as it matters here. */
export interface ForgeEvent {
  action: string | null;
  repository: string | null;
  push: Push | null;
  /** What becomes of it where there is no push. */
  outcome: WebhookOutcome;
  message: string | null;
}

/** GitHub leaves out what is beyond this, so that nobody can know which files were touched. */
const MOST_COMMITS = 2048;

const SHA = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a commit');
const NAME = z.string().min(1).max(200);
const FILES = z.array(z.string()).nullish();

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
  repository: z.object({ full_name: NAME, pushed_at: z.union([z.number(), z.string()]).nullish() }),
});

const ANY = z.object({ action: NAME.nullish(), repository: z.object({ full_name: NAME }).nullish() });

/** Reads a delivery whose signature held: of events that do nothing, whatever can be read. Throws BAD_REQUEST. */
export function readGithubEvent(event: string, body: Buffer): ForgeEvent {
  const payload = parsed(body);
  const { action, repository } = ANY.safeParse(payload).data ?? {};
  const about = { action: action ?? null, repository: repository?.full_name ?? null, push: null };
  switch (event) {
    case 'push':
      return { ...about, push: pushOf(checked(PUSH, payload)), outcome: WebhookOutcome.IGNORED, message: null };
    case 'ping':
      return { ...about, outcome: WebhookOutcome.PONG, message: null };
    case 'pull_request':
      return { ...about, outcome: WebhookOutcome.IGNORED, message: 'Pull requests have no previews yet.' };
    default:
      return { ...about, outcome: WebhookOutcome.IGNORED, message: 'Events of this kind do nothing.' };
  }
}

function pushOf(payload: z.output<typeof PUSH>): Push {
  const { repository, commits, total_commits: total, forced } = payload;
  const isCreated = payload.created ?? isNothing(payload.before);
  const isWhole = commits?.length && commits.length < MOST_COMMITS && commits.length >= (total ?? 0) && commits.every(({ added, removed, modified }) => added ?? removed ?? modified);
  return {
    repository: repository.full_name,
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

/** What stands for no commit. */
const isNothing = (commit: string): boolean => /^0+$/.test(commit);

function secondsOf(time: number | string | null | undefined): number | null {
  const seconds = typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(time) / 1000 : NaN;
  return Number.isFinite(seconds) ? Math.floor(seconds) : null;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw badRequest('The payload is not valid JSON.', []);
  }
}

function checked<T extends z.ZodType>(rule: T, payload: unknown): z.output<T> {
  const { data, error } = rule.safeParse(payload);
  if (error) {
    const faults = error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join('.') || 'body', message }));
    throw badRequest('The payload is not one that GitHub sends.', faults);
  }
  return data as z.output<T>;
}
