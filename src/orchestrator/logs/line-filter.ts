import type { LogFilter, LogLine } from '../port.js';
import { toDate, type Position } from './log-position.js';
import type { RawLine } from './log-upstream.js';

/** A line in a feed: with the cursor that a reader has once it has it. */
export interface FeedLine extends Position {
  source: string;
  deploymentId: string | undefined;
  line: LogLine;
}

export function feedLine({ run, ns, ordinal, message }: RawLine, cursor: string): FeedLine {
  // Kubernetes does not tell the streams of a container apart in one log.
  const line: LogLine = { timestamp: toDate(ns), replica: run.pod, stream: 'stdout', message, cursor };
  return { source: run.id, deploymentId: run.deploymentId, ns, ordinal, line };
}

/** Whether a reader wants the line. */
export function wanted(filter: LogFilter, { line, deploymentId }: FeedLine): boolean {
  return (
    (filter.replica === undefined || line.replica === filter.replica) &&
    (filter.stream === undefined || line.stream === filter.stream) &&
    (filter.deploymentId === undefined || deploymentId === filter.deploymentId) &&
    (filter.text === undefined || line.message.includes(filter.text))
  );
}
