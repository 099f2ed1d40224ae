import type { LogBatch, LogChannel, LogStart } from '../../orchestrator/port.js';
import type { AccessWatch, WatchedAccess } from '../subscription/access-watch.js';
import { SharedEvents, type CountedEvent } from '../subscription/shared-events.js';

/** A reader's first lines come in parts of this, so that he is not sent more at once than he takes. */
const PART_LINES = 100;

/** The live log as many read it: batches in common, the first lines and the rights of each his own. */
export class SharedLog extends SharedEvents {
  readonly ownArguments = ['tail', 'since', 'after'];

  constructor(
    readonly key: string,
    private readonly channel: LogChannel,
    private readonly from: LogStart,
    private readonly access: AccessWatch,
    private readonly whose: Omit<WatchedAccess, 'refuse'>,
  ) {
    super();
  }

  listen(listener: (counted: CountedEvent) => void): () => void {
    return this.channel.listen((batch) => listener(counted(batch)));
  }

  begin(signal: AbortSignal, joined: (past: CountedEvent[]) => void): Promise<void> {
    return this.channel.begin(this.from, signal, (past) => joined(inParts(past).map(counted)));
  }

  watch(refuse: (reason: unknown) => void): () => void {
    return this.access.watch({ ...this.whose, refuse });
  }

  lost(items: number): LogBatch {
    return { lines: [], dropped: items, gap: false, cursor: null };
  }
}

const counted = (batch: LogBatch): CountedEvent => ({ event: batch, items: batch.lines.length });

/** At least one, if only to say that the reader follows from now on. */
function inParts(past: LogBatch): LogBatch[] {
  const { lines, gap } = past;
  if (lines.length <= PART_LINES) return [past];
  const parts: LogBatch[] = [];
  for (let at = 0; at < lines.length; at += PART_LINES) {
    const some = lines.slice(at, at + PART_LINES);
    parts.push({ lines: some, dropped: 0, gap: gap && at === 0, cursor: some.at(-1)?.cursor ?? null });
  }
  return parts;
}
