import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { isNotFound } from '../kubernetes/kube-error.js';
import type { LogStream } from '../port.js';
import type { PodObject } from '../service/observed.js';
import { isRunning, runOf, type ContainerRun } from './log-source-id.js';
import { isAfter, type Position } from './log-position.js';
import { readLog, type RawLine } from './log-upstream.js';

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

/**
 * Follows one run to its end, through cuts: it goes on by time, and what comes twice is known by its position. A log that
 * is gone on with begins with the last line that is known, or else it is not the same: then the container has restarted
 * meanwhile, or the lines in between are gone.
 */
export async function followRun(run: ContainerRun, begin: bigint | undefined, parts: FollowParts): Promise<void> {
  let wasCut = false;
  for (let attempt = 0; !parts.signal.aborted; ) {
    const last = parts.last(run);
    let goesOn = attempt === 0 && last === undefined;
    try {
      for await (const lines of readLog(parts.client(), run, { follow: true, stream: parts.stream, since: last?.ns ?? begin }, parts.signal)) {
        if (!goesOn && last && lines[0] && isAfter(lines[0], last)) {
          if (await hasRestarted(run, parts)) break;
          parts.gap();
        }
        if (lines.length > 0) {
          goesOn = true;
          wasCut = false;
        }
        attempt = 0;
        await parts.put(lines);
      }
    } catch (error) {
      if (parts.signal.aborted) return;
      wasCut ||= !isNotFound(error);
    }
    const pod = await parts.pod(run).catch(() => null);
    if (pod === undefined) return wasCut ? parts.gap() : undefined;
    if (pod) {
      const now = runOf(pod);
      // Also where the log seemed to end by itself: whoever hands it on may have been cut off from it.
      if (now && now.restart !== run.restart) return readMissed(run, now.restart, wasCut, parts);
      if (!wasCut && !isRunning(pod)) return;
    }
    await sleep(RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)], undefined, { signal: parts.signal }).catch(() => undefined);
  }
}

/** Whether the container has; the cluster says so a little later than it does so. */
async function hasRestarted(run: ContainerRun, parts: FollowParts): Promise<boolean> {
  for (const wait of [0, ...RETRY_MS.slice(0, 4)]) {
    await sleep(wait, undefined, { signal: parts.signal }).catch(() => undefined);
    const pod = await parts.pod(run).catch(() => null);
    if (pod === undefined) return false;
    const now = pod && runOf(pod);
    if (now && now.restart !== run.restart) return true;
  }
  return false;
}

/** The container has restarted: the cluster keeps the log of the one run before, and no more. */
async function readMissed(run: ContainerRun, restartNow: number, wasCut: boolean, parts: FollowParts): Promise<void> {
  const last = parts.last(run);
  let goesOn = last === undefined;
  try {
    if (restartNow === run.restart + 1) {
      for await (const lines of readLog(parts.client(), run, { previous: true, stream: parts.stream, since: last?.ns }, parts.signal)) {
        if (!lines[0]) continue;
        goesOn ||= last !== undefined && !isAfter(lines[0], last);
        if (!goesOn) break;
        await parts.put(lines);
      }
    }
  } catch {
    goesOn = false;
  }
  if (!goesOn && wasCut && !parts.signal.aborted) parts.gap();
}
