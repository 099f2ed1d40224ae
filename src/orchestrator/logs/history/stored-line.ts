import type { LogFilter, LogLine } from '../../port.js';
import { wanted } from '../line-filter.js';
import { encodeCursor, toDate } from '../log-position.js';
import { readText } from '../line-text.js';

/** A line as history keeps it: what the container wrote, and where it comes from. */
export interface StoredLine {
  /** The container between two restarts, as cursors name it. */
  run: string;
  ns: bigint;
  ordinal: number;
  replica: string;
  deploymentId: string | null;
  raw: string;
  cut: boolean;
}

/** Which origin a line of the live log has; null for one that the log did not give. */
export function storedLine({ origin, replica, deploymentId, raw, cut }: LogLine): StoredLine | null {
  return origin ? { ...origin, replica, deploymentId, raw, cut } : null;
}

/** The line as readers see it, where the filter wants it. */
export function shownLine(stored: StoredLine, filter: LogFilter): LogLine | null {
  const { run, ns, ordinal, replica, deploymentId, raw, cut } = stored;
  const { message, level, fields, plain } = readText(raw);
  const line: LogLine = { timestamp: toDate(ns), replica, stream: null, level, message, fields, raw, cut, deploymentId, cursor: '' };
  if (!wanted(filter, { line, deploymentId: deploymentId ?? undefined, plain })) return null;
  line.cursor = encodeCursor(ns, new Map([[run, { ns, ordinal }]]));
  return line;
}
