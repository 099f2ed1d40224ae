import { ApexError } from '../../errors.js';
import { ClusterAway } from '../cluster-access.js';
import { KubeError } from '../kubernetes/kube-error.js';

const AGAIN_SECONDS = 5;

/**
 * Waits for what the cluster says of a log. Where it does not say it (a kubelet that is busy, a container whose log is just
 * being made, a connection that breaks), throws UNAVAILABLE with the cause: that is no fault of ours, and comes right.
 */
export async function fromCluster<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (signal.aborted || !isClusters(error)) throw error;
    throw new ApexError('UNAVAILABLE', 'The cluster does not give the log at the moment. Ask again.', { retryAfterSeconds: AGAIN_SECONDS, cause: error });
  }
}

const isClusters = (error: unknown): boolean => error instanceof KubeError || error instanceof ClusterAway || ['TimeoutError', 'AbortError'].includes(nameOf(error)) || isCut(error);

const nameOf = (error: unknown): string => String((error as { name?: unknown } | null)?.name);

/** As the fetch of Node tells of connections. */
const isCut = (error: unknown): boolean => nameOf(error) === 'TypeError' && /fetch failed|terminated/.test(String((error as Error).message));
