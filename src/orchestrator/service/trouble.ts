import { ReasonCode } from '../../entities/deployment-state.js';
import { isOfBuild } from '../../entities/built-image.js';
import { parseImage } from '../../outside/image-reference.js';
import { keptImage, privateImage } from '../../outside/private-image.js';
import type { ContainerStatus, DeploymentObject, PodObject, Terminated } from './observed.js';

/** Restarts after which a container that never stays up is given up; the third comes about 30 s after the start. */
const RESTARTS_UNTIL_FAILED = 3;
/** A program that is not in the image will not be there at the next start either. */
const STARTS_UNTIL_FAILED = 1;
/** Pulls that fail for another reason than the image itself (a registry that is down) get this long. */
const PULL_PATIENCE_MS = 30_000;
/** A container without a probe counts as ready as soon as it runs; one that has just been restarted has shown nothing yet. */
const SHOWS_ITSELF_MS = 10_000;
const NOT_READY_AFTER_MS = 60_000;
/** 128 + SIGKILL. */
const KILLED = 137;
const LEAST_GRACE_MS = 20_000;

/** What keeps pods from running, as a code and a sentence; `final` when waiting longer will not help. */
export interface Trouble {
  code: ReasonCode;
  message: string;
  final: boolean;
}

/** The worst that can be told of a rollout; null while nothing is wrong. `now` is a parameter to keep this pure. */
export function findTrouble(deployment: DeploymentObject | undefined, pods: readonly PodObject[], image: string, now: number): Trouble | null {
  const troubles = pods.map((pod) => troubleOfPod(pod, image, now)).filter((trouble) => trouble !== null);
  return troubles.find(({ final }) => final) ?? troubles[0] ?? (deployment ? troubleOfReplicas(deployment) : null);
}

function troubleOfPod(pod: PodObject, image: string, now: number): Trouble | null {
  const age = now - Date.parse(pod.metadata.creationTimestamp ?? new Date(now).toISOString());
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return { code: ReasonCode.UNSCHEDULABLE, message: `No node has room for it: ${firstSentence(scheduled.message)} Lower its resources or its replicas, or add a node.`, final: false };
  }
  const status = pod.status?.containerStatuses?.[0];
  if (!status) return null;
  return troubleOfImage(status, image, hasCredential(pod), age) ?? troubleOfContainer(status, now) ?? troubleOfReadiness(status, age);
}

const hasCredential = ({ spec }: PodObject): boolean => ((spec as { imagePullSecrets?: unknown[] } | undefined)?.imagePullSecrets?.length ?? 0) > 0;

function troubleOfImage(status: ContainerStatus, image: string, withCredential: boolean, age: number): Trouble | null {
  const { reason = '', message = '' } = status.state?.waiting ?? {};
  if (reason === 'InvalidImageName') return { code: ReasonCode.IMAGE_NOT_FOUND, message: `"${image}" is not a valid image reference.`, final: true };
  if (!['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'ErrImageNeverPull'].includes(reason)) return null;
  const repeated = reason === 'ImagePullBackOff';
  if (/unauthorized|authentication required|authorization failed|denied|forbidden|\b401\b|\b403\b/i.test(message)) {
    return { code: ReasonCode.IMAGE_UNAUTHORIZED, message: unauthorized(image, withCredential), final: repeated };
  }
  if (/not found|manifest unknown|does not exist|no match for platform/i.test(message) && !/no such host/i.test(message)) {
    return { code: ReasonCode.IMAGE_NOT_FOUND, message: `The image ${image} does not exist in its registry. Check its name and its tag.`, final: repeated };
  }
  if (/no space left on device|disk quota exceeded/i.test(message)) {
    return { code: ReasonCode.UNSCHEDULABLE, message: `The disk of the node is full: the image ${image} does not fit on it. Free space there, or add a node.`, final: false };
  }
  return { code: ReasonCode.IMAGE_NOT_FOUND, message: `The image ${image} cannot be pulled: its registry cannot be reached from the cluster, or does not answer.`, final: repeated && age > PULL_PATIENCE_MS };
}

function unauthorized(image: string, withCredential: boolean): string {
  const { registry = 'of the image', repository = image } = parseImage(image) ?? {};
  return isOfBuild(registry, repository) ? keptImage(registry, repository) : privateImage(registry, repository, withCredential);
}

function troubleOfContainer(status: ContainerStatus, now: number): Trouble | null {
  const waiting = status.state?.waiting?.reason ?? '';
  const ended = status.state?.terminated ?? status.lastState?.terminated;
  if (waiting === 'CreateContainerConfigError') return { code: ReasonCode.INTERNAL, message: `The container cannot be configured yet: ${firstSentence(status.state?.waiting?.message)}`, final: false };
  if (['CreateContainerError', 'RunContainerError'].includes(waiting) && !ended) {
    return { code: ReasonCode.CRASH_LOOP, message: `The container cannot be started: ${firstSentence(status.state?.waiting?.message)} Check its command.`, final: false };
  }
  if (!ended || (status.ready && !justBegun(status, now))) return null;
  // While it runs again it may stay up this time.
  const final = !status.ready && status.restartCount >= (neverStarted(ended) ? STARTS_UNTIL_FAILED : RESTARTS_UNTIL_FAILED);
  if (ended.reason === 'OOMKilled' || killedByNobodyElse(ended)) {
    const told = ended.reason === 'OOMKilled' ? 'used more memory than its limit and was killed' : 'was killed with SIGKILL right after its start, which most likely means that it used more memory than its limit; the runtime does not say';
    return { code: ReasonCode.OUT_OF_MEMORY, message: `The container ${told}${times(status.restartCount)}. Raise resources.memory, or make it use less.`, final };
  }
  return { code: ReasonCode.CRASH_LOOP, message: `The container ${ending(ended)}${times(status.restartCount)}. Its log says why.`, final };
}

function troubleOfReadiness(status: ContainerStatus, age: number): Trouble | null {
  if (!status.state?.running || status.ready || age < NOT_READY_AFTER_MS) return null;
  return { code: ReasonCode.READINESS_TIMEOUT, message: 'The container runs, but it does not answer its health check on the container port.', final: false };
}

/** Pods that could not even be made. */
function troubleOfReplicas(deployment: DeploymentObject): Trouble | null {
  const failure = deployment.status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (!failure) return null;
  if (/exceeded quota/i.test(failure.message ?? '')) {
    return { code: ReasonCode.QUOTA_EXCEEDED, message: `The team's limit for one environment is reached: ${quotaOf(failure.message ?? '')}. Remove or shrink other services there, or ask the operator of this installation to raise the team's limit.`, final: false };
  }
  return { code: ReasonCode.INTERNAL, message: `The cluster refuses the pods: ${firstSentence(failure.message)}`, final: false };
}

function ending(ended: Terminated): string {
  const { exitCode } = ended;
  if (neverStarted(ended)) return `could not be started: ${startError(ended.message)}`;
  return exitCode === 0 ? 'ended by itself, with exit code 0, though it should go on running' : `ended with exit code ${exitCode}`;
}

/**
 * SIGKILL so soon after the start is the kernel's: the kubelet asks first, and waits for the grace period. On a busy machine
 * with version 1 of control groups the runtime may see the end before it hears of the memory, and then says only "Error".
 */
function killedByNobodyElse({ exitCode, startedAt, finishedAt }: Terminated): boolean {
  return exitCode === KILLED && startedAt !== undefined && finishedAt !== undefined && Date.parse(finishedAt) - Date.parse(startedAt) < LEAST_GRACE_MS;
}

const justBegun = ({ restartCount, state }: ContainerStatus, now: number): boolean => restartCount > 0 && state?.running !== undefined && now - Date.parse(state.running.startedAt) < SHOWS_ITSELF_MS;

const neverStarted = ({ reason }: Terminated): boolean => reason === 'StartError' || reason === 'ContainerCannotRun';

const times = (restarts: number): string => (restarts > 0 ? `, ${restarts + 1} times so far` : '');

/** "exec: \"nope\": executable file not found in $PATH" out of the runtime's long chain. */
const startError = (message = ''): string => /exec: .*?(?=: unknown|$)/s.exec(message)?.[0] ?? firstSentence(message);

const quotaOf = (message: string): string => /exceeded quota: [^,]+, (.*)$/s.exec(message)?.[1] ?? 'its limits are reached';

function firstSentence(message = 'no reason was given'): string {
  const line = message.split('\n')[0]?.trim().slice(0, 300) ?? '';
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
