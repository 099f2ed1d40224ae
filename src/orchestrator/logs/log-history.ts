import type { KubeClient } from '../kubernetes/kube-client.js';
import { KubeError } from '../kubernetes/kube-error.js';
import type { PodObject } from '../service/observed.js';
import type { LogFilter, LogStart } from '../port.js';
import { feedLine, isSelective, wanted, type FeedLine } from './line-filter.js';
import { decodeCursor, encodeCursor, fromDate, isBehind, WINDOW_NS, type Cursor, type Position } from './log-position.js';
import { previousRunOf, runOf, type ContainerRun } from './log-source-id.js';
import { readLog, withKnownNumbers, type RawLine, type UpstreamOptions } from './log-upstream.js';

/** So many lines of a container are looked at where a filter may throw most of them away. */
const SEARCHED_LINES = 20_000;
const MOST_LINES = 10_000;
/** A few lines more than wanted are read: the first ones may begin in the midst of lines of one time, so their numbers are not known. */
const HEAD_LINES = 64;

/** What the cluster has, merged by time. */
export interface History {
  lines: FeedLine[];
  /** The lines begin later than was asked for. */
  gap: boolean;
  /** Sources of the cursor of which the cluster has nothing any more: what they wrote last is unknown. */
  lost: readonly string[];
}

/** Reads the logs of all containers that the cluster has now. */
export async function readHistory(client: KubeClient, pods: readonly PodObject[], from: LogStart, filter: LogFilter, signal: AbortSignal): Promise<History> {
  const cursor = from.after === undefined ? null : decodeCursor(from.after);
  const runs = pods.filter((pod) => filter.replica === undefined || pod.metadata.name === filter.replica).map((pod) => (from.previous ? previousRunOf(pod) : runOf(pod)));
  // After a cut, a run that has ended since may hold lines that the reader lacks.
  const before = cursor ? pods.map(previousRunOf).filter((run) => run !== null && cursor.positions.has(run.id)) : [];
  const read = await Promise.all([
    ...runs.filter((run) => run !== null).map((run) => readRun(client, run, options(from, filter, cursor, run, from.previous ?? false), cursor, signal)),
    ...before.filter((run) => run !== null).map((run) => readRun(client, run, options(from, filter, cursor, run, true), cursor, signal)),
  ]);
  const merged = read.flatMap(({ lines }) => lines).sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : a.run.id < b.run.id ? -1 : a.run.id > b.run.id ? 1 : a.ordinal - b.ordinal));
  return select(merged, from, filter, cursor, read.some(({ missing }) => missing), lost(cursor, pods));
}

function options(from: LogStart, filter: LogFilter, cursor: Cursor | null, run: ContainerRun, previous: boolean): UpstreamOptions {
  const { stream } = filter;
  if (cursor) return { previous, stream, since: cursor.positions.get(run.id)?.ns ?? cursor.ns - WINDOW_NS };
  const tailLines = from.tail === undefined ? MOST_LINES : isSelective(filter) ? SEARCHED_LINES : from.tail;
  return { previous, stream, since: from.since && fromDate(from.since), tailLines: tailLines + HEAD_LINES };
}

async function readRun(client: KubeClient, run: ContainerRun, options: UpstreamOptions, cursor: Cursor | null, signal: AbortSignal): Promise<{ lines: RawLine[]; missing: boolean }> {
  const lines: RawLine[] = [];
  try {
    for await (const some of readLog(client, run, options, signal)) lines.push(...some);
    return { lines: withKnownNumbers(lines, options.tailLines), missing: false };
  } catch (error) {
    // A container that is gone by now, or has not begun, has no log; anything else is the cluster's fault.
    if (error instanceof KubeError && (error.status === 404 || error.status === 400)) return { lines, missing: options.previous === true || cursor?.positions.has(run.id) === true };
    throw error;
  }
}

function select(merged: readonly RawLine[], from: LogStart, filter: LogFilter, cursor: Cursor | null, gap: boolean, lost: readonly string[]): History {
  const positions = new Map<string, Position>(cursor?.positions ?? []);
  const lines: FeedLine[] = [];
  for (const raw of merged) {
    if (cursor && !isBehind(cursor, raw.run.id, raw)) continue;
    positions.set(raw.run.id, { ns: raw.ns, ordinal: raw.ordinal });
    if (!cursor && from.since && raw.ns < fromDate(from.since)) continue;
    const line = feedLine(raw, encodeCursor(raw.ns, positions));
    if (wanted(filter, line)) lines.push(line);
  }
  const most = from.tail ?? (cursor ? undefined : MOST_LINES);
  return { lines: most === undefined ? lines : most === 0 ? [] : lines.slice(-most), gap, lost };
}

function lost(cursor: Cursor | null, pods: readonly PodObject[]): string[] {
  const known = new Set(pods.flatMap((pod) => [runOf(pod)?.id, previousRunOf(pod)?.id]));
  return [...(cursor?.positions.keys() ?? [])].filter((source) => !known.has(source));
}
