import { memo } from 'react';
import { colouredPieces } from './ansi.js';
import type { Entry } from './log-book.js';

/** One line, or the place where some are missing. */
export const LogEntry = memo(function LogEntry({ entry, isDated = false }: { entry: Entry; isDated?: boolean }) {
  if (entry.kind === 'lost') {
    return <p className="lost">{entry.count === null ? 'Lines may be missing here; nobody knows how many.' : `${entry.count} ${entry.count === 1 ? 'line was' : 'lines were'} lost here: this page was too slow for them.`}</p>;
  }
  const { timestamp, replica, level, message, raw, fields, cut } = entry.line;
  return (
    <p className={`line ${level?.toLowerCase() ?? ''}`} title={replica}>
      <time dateTime={timestamp}>{isDated && `${new Date(timestamp).toLocaleDateString('en-CA')} `}{clock(timestamp)}</time>
      {level && <b className="level">{level}</b>}
      {fields === null ? colouredPieces(raw).map(({ text, className }, index) => (className ? <span key={index} className={className}>{text}</span> : text)) : message}
      {fields !== null && Object.keys(fields).length > 0 && <span className="more"> {JSON.stringify(fields)}</span>}
      {cut && <span className="more"> … cut at 64 KiB</span>}
    </p>
  );
});

function clock(timestamp: string): string {
  const at = new Date(timestamp);
  return `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')} `;
}
