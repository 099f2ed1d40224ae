/** What an event of a pull request asks for. */
export type PullRequestChange = 'OPENED' | 'PUSHED' | 'CLOSED';

/** A pull request as every forge has it: what a preview needs to know. */
export interface PullRequest {
  /** `owner/name` of the repository that it is made to. */
  repository: string;
  number: number;
  change: PullRequestChange;
  /** Its address. */
  url: string;
  /** The branch that is to be merged. */
  branch: string;
  commit: string;
  /** Its branch is in another repository, or in one that is gone. */
  isFork: boolean;
  /** The forge's own time of the event, in seconds since 1970. */
  at: number;
}
