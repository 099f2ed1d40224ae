import type { KubeClient } from '../kubernetes/kube-client.js';
import { objectPath } from '../kubernetes/kinds.js';
import type { PodObject } from './observed.js';

const LINES = 20;
const LONGEST_LINE = 500;
const READ_BYTES = 64 * 1024;
const DEADLINE_MS = 5_000;

/** What the most troubled of the pods said last; nothing where it said nothing, or cannot be asked. */
export async function lastLines(client: KubeClient, pods: readonly PodObject[], container: string, signal: AbortSignal): Promise<string[]> {
  const [pod] = [...pods].sort((one, other) => trouble(other) - trouble(one));
  const status = pod?.status?.containerStatuses?.[0];
  if (!pod || !status) return [];
  const previous = status.state?.terminated === undefined && status.restartCount > 0;
  const path = `${objectPath('Pod', pod.metadata.name, pod.metadata.namespace)}/log`;
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    const stream = await client.stream(path, 'Pod', { container, tailLines: LINES, limitBytes: READ_BYTES, ...(previous ? { previous: 'true' } : {}) }, within);
    return linesOf(await new Response(stream).text());
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

const linesOf = (text: string): string[] => text.split('\n').filter(Boolean).slice(-LINES).map((line) => line.replaceAll('\0', '').slice(0, LONGEST_LINE));

function trouble({ status }: PodObject): number {
  const container = status?.containerStatuses?.[0];
  if (!container || container.ready) return -1;
  return container.restartCount * 2 + (container.state?.terminated ? 1 : 0);
}
