import { registerEnumType } from 'type-graphql';

export enum PreviewState {
  AWAITING_APPROVAL = 'AWAITING_APPROVAL',
  OPEN = 'OPEN',
  REFUSED = 'REFUSED',
  CLOSED = 'CLOSED',
}
registerEnumType(PreviewState, {
  name: 'PreviewState',
  valuesConfig: {
    AWAITING_APPROVAL: { description: 'Its commit comes from a fork: nothing of it is built, and no secret is given, until a member approves it.' },
    OPEN: { description: 'Its environment follows the pull request.' },
    REFUSED: { description: 'A limit of the team was reached; the next push tries again.' },
    CLOSED: { description: 'The environment is gone with all that was in it.' },
  },
});

const S = PreviewState;

/** Every legal move. A closed pull request may be opened again, and a new commit of a fork has to be approved anew. */
export const PREVIEW_MOVES: Readonly<Record<PreviewState, readonly PreviewState[]>> = {
  [S.AWAITING_APPROVAL]: [S.OPEN, S.REFUSED, S.CLOSED],
  [S.OPEN]: [S.AWAITING_APPROVAL, S.REFUSED, S.CLOSED],
  [S.REFUSED]: [S.AWAITING_APPROVAL, S.OPEN, S.CLOSED],
  [S.CLOSED]: [S.AWAITING_APPROVAL, S.OPEN, S.REFUSED],
};

/** Throws when `to` cannot follow `from`; to stay is no move. */
export function assertPreviewMove(from: PreviewState, to: PreviewState): void {
  if (from !== to && !PREVIEW_MOVES[from].includes(to)) throw new Error(`A preview cannot go from ${from} to ${to}`);
}
