import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { isNotFound } from '../kubernetes/kube-error.js';
import type { LogStream } from '../port.js';
import type { PodObject } from '../service/observed.js';
import { isRunning, runOf, type ContainerRun } from './log-source-id.js';
import type { Position } from './log-position.js';
import { readLog, type RawLine, type UpstreamOptions } from './log-upstream.js';

const RETRY_MS = [100, 250, 500, 1_000, 2_000, 5_000] as const;

export interface FollowParts {
  client: () => KubeClient;
  /** One of the two streams alone. */
  stream?: LogStream | undefined;
  signal: AbortSignal;
  /** The last line that is known of the run. */
  last: (run: ContainerRun) => Position | undefined;
  put: (lines: RawLine[]) => Promise<void>;
  /** Lines were lost, and nobody knows how many. */
  gap: () => void;
  /** The pod as it is now; undefined once it is gone. */
  pod: (run: ContainerRun) => Promise<PodObject | undefined>;
}

/** Follows one run to its end, through cuts: it goes on by time, and what comes twice is known by its position. */
export async function followRun(run: ContainerRun, begin: bigint | undefined, parts: FollowParts): Promise<void> {
  for (let attempt = 0; !parts.signal.aborted; ) {
    const options: UpstreamOptions = { follow: true, stream: parts.stream, since: parts.last(run)?.ns ?? begin };
    let cut = false;
    try {
      for await (const lines of readLog(parts.client(), run, options, parts.signal)) {
        attempt = 0;
        await parts.put(lines);
      }
    } catch (error) {
      if (parts.signal.aborted) return;
      cut = !isNotFound(error);
    }
    const pod = await parts.pod(run).catch(() => null);
    if (pod === undefined) return cut ? parts.gap() : undefined;
    if (pod) {
      const now = runOf(pod);
      if (now && now.restart !== run.restart) return cut ? readMissed(run, now.restart, parts) : undefined;
      if (!cut && !isRunning(pod)) return;
    }
    await sleep(RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)], undefined, { signal: parts.signal }).catch(() => undefined);
  }
}

/** The container restarted while the log was cut: the cluster keeps the log of the one run before, and no more. */
async function readMissed(run: ContainerRun, restartNow: number, parts: FollowParts): Promise<void> {
  if (restartNow !== run.restart + 1) return parts.gap();
  try {
    for await (const lines of readLog(parts.client(), run, { previous: true, stream: parts.stream, since: parts.last(run)?.ns }, parts.signal)) await parts.put(lines);
  } catch {
    parts.gap();
  }
}
