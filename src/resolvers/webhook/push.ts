/** A push as every forge has it: what `applyPushes` needs to know. */
export interface Push {
  /** `owner/name`. */
  repository: string;
  /** Of the forge, e.g. `github.com`; null where the delivery does not say. */
  host: string | null;
  /** The full ref: `refs/heads/main`. */
  ref: string;
  /** Null for a tag, and for anything else that is no branch. */
  branch: string | null;
  before: string;
  commit: string;
  /** Seconds since 1970, where the forge says it. */
  pushedAt: number | null;
  isDeleted: boolean;
  /** The message of its newest commit asks to be left alone. */
  isSkipped: boolean;
  /** Every file that it touches; null where that cannot be known. */
  paths: readonly string[] | null;
}

const HEADS = 'refs/heads/';
const SKIP = /\[(skip ci|ci skip|skip apex|apex skip)\]/i;

/** The branch of a ref that is exactly `refs/heads/NAME`. */
export const branchOf = (ref: string): string | null => (ref.startsWith(HEADS) && ref.length > HEADS.length ? ref.slice(HEADS.length) : null);

export const asksToSkip = (message: string | null | undefined): boolean => SKIP.test(message ?? '');

/** Why a push means nothing to any service, or null. */
export function whyNothing({ branch, isDeleted, isSkipped }: Push): string | null {
  if (branch === null) return 'Only pushes to branches are deployed.';
  if (isDeleted) return 'The branch was deleted.';
  if (isSkipped) return 'The commit asks to be skipped.';
  return null;
}

/** Whether a push touches anything under the folder; one whose files are not known may. */
export const touches = ({ paths }: Push, folder: string | null): boolean =>
  folder === null || paths === null || paths.some((path) => path === folder || path.startsWith(`${folder}/`));
