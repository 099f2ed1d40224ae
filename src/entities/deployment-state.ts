import { registerEnumType } from 'type-graphql';

export enum DeploymentState {
  QUEUED = 'QUEUED',
  PREPARING = 'PREPARING',
  BUILDING = 'BUILDING',
  PRE_DEPLOY = 'PRE_DEPLOY',
  ROLLING_OUT = 'ROLLING_OUT',
  /** It became live; it stays LIVE when a newer one replaces it. */
  LIVE = 'LIVE',
  FAILED = 'FAILED',
  CANCELED = 'CANCELED',
  SUPERSEDED = 'SUPERSEDED',
}
registerEnumType(DeploymentState, { name: 'DeploymentState' });

export enum DeploymentTrigger {
  API = 'API',
  REDEPLOY = 'REDEPLOY',
  ROLLBACK = 'ROLLBACK',
  PROMOTION = 'PROMOTION',
  PUSH = 'PUSH',
  PULL_REQUEST = 'PULL_REQUEST',
  AUTO = 'AUTO',
}
registerEnumType(DeploymentTrigger, { name: 'DeploymentTrigger' });

export enum ReasonCode {
  IMAGE_NOT_FOUND = 'IMAGE_NOT_FOUND',
  IMAGE_UNAUTHORIZED = 'IMAGE_UNAUTHORIZED',
  CRASH_LOOP = 'CRASH_LOOP',
  OUT_OF_MEMORY = 'OUT_OF_MEMORY',
  UNSCHEDULABLE = 'UNSCHEDULABLE',
  READINESS_TIMEOUT = 'READINESS_TIMEOUT',
  QUOTA_EXCEEDED = 'QUOTA_EXCEEDED',
  BUILD_FAILED = 'BUILD_FAILED',
  PRE_DEPLOY_FAILED = 'PRE_DEPLOY_FAILED',
  CANCELED = 'CANCELED',
  SUPERSEDED = 'SUPERSEDED',
  CLUSTER_UNAVAILABLE = 'CLUSTER_UNAVAILABLE',
  INTERNAL = 'INTERNAL',
}
registerEnumType(ReasonCode, { name: 'ReasonCode', description: 'Why a deployment did not become live, or does not get on.' });

const S = DeploymentState;
const GIVEN_UP = [S.FAILED, S.CANCELED, S.SUPERSEDED] as const;

/** Every legal move. A state with no way out is terminal. */
export const DEPLOYMENT_MOVES: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  [S.QUEUED]: [S.PREPARING, ...GIVEN_UP],
  [S.PREPARING]: [S.BUILDING, S.PRE_DEPLOY, S.ROLLING_OUT, ...GIVEN_UP],
  [S.BUILDING]: [S.PRE_DEPLOY, S.ROLLING_OUT, ...GIVEN_UP],
  [S.PRE_DEPLOY]: [S.ROLLING_OUT, ...GIVEN_UP],
  [S.ROLLING_OUT]: [S.LIVE, ...GIVEN_UP],
  [S.LIVE]: [],
  [S.FAILED]: [],
  [S.CANCELED]: [],
  [S.SUPERSEDED]: [],
};

export const isTerminal = (state: DeploymentState): boolean => DEPLOYMENT_MOVES[state].length === 0;

export const UNFINISHED_STATES: readonly DeploymentState[] = Object.values(DeploymentState).filter((state) => !isTerminal(state));

/** Throws when `to` cannot follow `from`: an illegal move is a fault of ours and never ignored. */
export function assertMove(from: DeploymentState, to: DeploymentState): void {
  if (!DEPLOYMENT_MOVES[from].includes(to)) throw new Error(`A deployment cannot go from ${from} to ${to}`);
}

/** Run at start: every state is reachable from `initial` and every one named by a move exists. Throws otherwise. */
export function checkStateTable<S extends string>(name: string, moves: Readonly<Record<S, readonly S[]>>, initial: S): void {
  const reached = new Set<S>([initial]);
  for (const state of reached) {
    const next = moves[state];
    if (!next) throw new Error(`${name}: "${state}" is not a state`);
    next.forEach((target) => reached.add(target));
  }
  const lost = (Object.keys(moves) as S[]).filter((state) => !reached.has(state));
  if (lost.length > 0) throw new Error(`${name}: ${lost.join(', ')} cannot be reached from ${initial}`);
}
