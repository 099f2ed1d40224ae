import { LOG_LEVELS, type LogFilter, type LogLine } from '../port.js';
import { toDate, type Position } from './log-position.js';
import { readText } from './line-text.js';
import type { RawLine } from './log-upstream.js';

/** A line in a feed: with the cursor that a reader has once it has it. */
export interface FeedLine extends Position {
  source: string;
  deploymentId: string | undefined;
  /** The whole line without colours. */
  plain: string;
  line: LogLine;
}

export function feedLine({ run, ns, ordinal, raw, cut, stream }: RawLine, cursor: string): FeedLine {
  const { message, level, fields, plain } = readText(raw);
  const line: LogLine = { timestamp: toDate(ns), replica: run.pod, stream, level, message, fields, raw, cut, deploymentId: run.deploymentId ?? null, cursor, origin: { run: run.id, ns, ordinal } };
  return { source: run.id, deploymentId: run.deploymentId, ns, ordinal, plain, line };
}

/** Whether a reader wants the line. */
export function wanted(filter: LogFilter, { line, deploymentId, plain }: Pick<FeedLine, 'line' | 'deploymentId' | 'plain'>): boolean {
  return (
    (filter.replica === undefined || line.replica === filter.replica) &&
    (filter.stream === undefined || line.stream === filter.stream) &&
    (filter.deploymentId === undefined || deploymentId === filter.deploymentId) &&
    (filter.level === undefined || (line.level !== null && LOG_LEVELS.indexOf(line.level) >= LOG_LEVELS.indexOf(filter.level))) &&
    (filter.text === undefined || plain.includes(filter.text) || line.message.includes(filter.text)) &&
    (filter.regex === undefined || filter.regex.test(plain) || (line.message !== plain && filter.regex.test(line.message)))
  );
}

/** Whether a filter may throw lines away that one container wrote. */
export const isSelective = ({ text, regex, level, stream, deploymentId }: LogFilter): boolean =>
  text !== undefined || regex !== undefined || level !== undefined || stream !== undefined || deploymentId !== undefined;
