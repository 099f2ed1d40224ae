import type { EntityManager } from '@mikro-orm/postgresql';
import { Deployment } from './deployment.js';
import { DeploymentEvent, StepState, type StepName } from './deployment-event.js';
import { assertMove, DeploymentState, isTerminal, type ReasonCode } from './deployment-state.js';
import { requireFence, type Fence } from './fence.js';

/** The next state of a deployment, and what its subscribers are told. */
export interface DeploymentMove {
  id: string;
  from: DeploymentState;
  to: DeploymentState;
  step?: StepName;
  stepState?: StepState;
  message?: string;
  reason?: { code: ReasonCode; message: string };
  /** Written with the state, e.g. the digest that was found. */
  set?: Partial<Pick<Deployment, 'digest' | 'commit' | 'pullRegistry' | 'releaseId' | 'rolloutStartedAt' | 'sealedLastLines'>>;
  fence?: Fence | undefined;
}

export interface Progress {
  step: StepName;
  stepState: StepState;
  message?: string | null;
  fence?: Fence | undefined;
}

/**
 * Moves a deployment on, in the given transaction: a compare-and-set of its state and the next numbered event.
 * False when it is no longer in `from`: somebody was faster, and nothing is written.
 */
export async function moveDeployment(tx: EntityManager, move: DeploymentMove): Promise<boolean> {
  assertMove(move.from, move.to);
  if (move.fence) await requireFence(tx, move.fence);
  const moved = await tx.nativeUpdate(
    Deployment,
    { id: move.id, state: move.from },
    {
      ...move.set,
      state: move.to,
      ...(isTerminal(move.to) ? { endedAt: new Date() } : {}),
      ...(move.reason ? { reasonCode: move.reason.code, reasonMessage: move.reason.message } : {}),
    },
  );
  if (moved === 0) return false;
  const message = move.message ?? move.reason?.message ?? null;
  await append(tx, move.id, { state: move.to, step: move.step ?? null, stepState: move.stepState ?? null, message });
  return true;
}

/** Moves many to the same end, in the given transaction, each with its event. Call it with their rows locked. */
export async function endDeployments(tx: EntityManager, locked: readonly Pick<Deployment, 'id' | 'state'>[], to: DeploymentState, reason: { code: ReasonCode; message: string }): Promise<void> {
  if (locked.length === 0) return;
  for (const { state } of locked) assertMove(state, to);
  await tx.execute(
    `with ended as (
       update deployment set state = ?, reason_code = ?, reason_message = ?, ended_at = now() where id = any(string_to_array(?, ',')::uuid[]) returning id
     )
     insert into deployment_event (id, deployment_id, number, state, message, at)
     select gen_random_uuid(), ended.id, (select coalesce(max(number), 0) + 1 from deployment_event where deployment_id = ended.id), ?, ?, now() from ended`,
    [to, reason.code, reason.message, locked.map(({ id }) => id).join(','), to, reason.message],
  );
}

/**
 * Tells subscribers how an unfinished deployment gets on. False when it has ended or moved on in the meantime,
 * or when the last event already says the same.
 */
export async function noteProgress(tx: EntityManager, deployment: Pick<Deployment, 'id' | 'state'>, progress: Progress): Promise<boolean> {
  if (progress.fence) await requireFence(tx, progress.fence);
  const [row] = await tx.execute<{ state: DeploymentState }[]>('select state from deployment where id = ? for update', [deployment.id]);
  if (!row || row.state !== deployment.state || isTerminal(row.state)) return false;
  const next = { state: row.state, step: progress.step, stepState: progress.stepState, message: progress.message ?? null };
  const [last] = await tx.execute<{ state: string; step: string | null; step_state: string | null; message: string | null }[]>(
    'select state, step, step_state, message from deployment_event where deployment_id = ? order by number desc limit 1',
    [deployment.id],
  );
  if (last && last.state === next.state && last.step === next.step && last.step_state === next.stepState && last.message === next.message) return false;
  await append(tx, deployment.id, next);
  return true;
}

/** Call it with the deployment's row locked: that is what keeps the numbers without a gap. */
async function append(tx: EntityManager, deploymentId: string, event: Pick<DeploymentEvent, 'state' | 'step' | 'stepState' | 'message'>): Promise<void> {
  const [last] = await tx.execute<{ number: number }[]>('select coalesce(max(number), 0)::int as number from deployment_event where deployment_id = ?', [deploymentId]);
  await tx.insert(DeploymentEvent, Object.assign(new DeploymentEvent(), event, { deploymentId, number: (last?.number ?? 0) + 1 }));
}

/** What a subscriber would show after the given events, oldest first. */
export interface FoldedStep {
  name: StepName;
  state: StepState;
  startedAt: Date;
  endedAt: Date | null;
  message: string | null;
}

const ENDS: Readonly<Partial<Record<DeploymentState, StepState>>> = {
  [DeploymentState.LIVE]: StepState.DONE,
  [DeploymentState.FAILED]: StepState.FAILED,
  [DeploymentState.CANCELED]: StepState.CANCELED,
  [DeploymentState.SUPERSEDED]: StepState.CANCELED,
};

/** Folds a deployment's events, in the order of their numbers, into its steps. */
export function foldSteps(events: readonly Pick<DeploymentEvent, 'state' | 'step' | 'stepState' | 'message' | 'at'>[]): FoldedStep[] {
  const steps = new Map<StepName, FoldedStep>();
  for (const event of events) {
    if (event.step && event.stepState) {
      const step = steps.get(event.step) ?? { name: event.step, state: event.stepState, startedAt: event.at, endedAt: null, message: null };
      step.state = event.stepState;
      step.message = event.message ?? step.message;
      step.endedAt = event.stepState === StepState.RUNNING ? null : event.at;
      steps.set(event.step, step);
      for (const other of steps.values()) if (other !== step && isRunning(other)) close(other, StepState.DONE, event.at);
    }
    const end = ENDS[event.state];
    if (end) for (const step of steps.values()) if (isRunning(step)) close(step, end, event.at, event.message);
  }
  return [...steps.values()];
}

const isRunning = (step: FoldedStep): boolean => step.state === StepState.RUNNING;

function close(step: FoldedStep, state: StepState, at: Date, message?: string | null): void {
  step.state = state;
  step.endedAt = at;
  if (message) step.message = message;
}
