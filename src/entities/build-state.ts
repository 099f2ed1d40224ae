import { registerEnumType } from 'type-graphql';

export enum BuildState {
  QUEUED = 'QUEUED',
  RUNNING = 'RUNNING',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  CANCELED = 'CANCELED',
}
registerEnumType(BuildState, { name: 'BuildState' });

const S = BuildState;

/** Every legal move. A run whose server died is queued again. */
export const BUILD_MOVES: Readonly<Record<BuildState, readonly BuildState[]>> = {
  [S.QUEUED]: [S.RUNNING, S.CANCELED],
  [S.RUNNING]: [S.QUEUED, S.SUCCEEDED, S.FAILED, S.CANCELED],
  [S.SUCCEEDED]: [],
  [S.FAILED]: [],
  [S.CANCELED]: [],
};
