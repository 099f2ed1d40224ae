import { useEffect, useState } from 'react';
import { ServiceLogsDocument, type LogLevel } from '../../generated/operations.js';
import { useLiveConnection } from '../client/live-context.js';
import { LogBook, type Entry } from './log-book.js';

/** As many as are kept in the page: the history has the others. */
export const SHOWN_LINES = 2_000;
const TAIL = 500;
/** Batches come more often than a person can read. */
const SHOW_MS = 100;

export interface LogWish {
  serviceId: string;
  text: string;
  level: LogLevel | null;
}

export interface ShownLog {
  entries: readonly Entry[];
  letGo: number;
  /** It is being followed, it was refused, or why it waits. */
  state: { kind: 'following' | 'beginning' } | { kind: 'waiting' | 'refused'; why: string };
}

const NOTHING: ShownLog = { entries: [], letGo: 0, state: { kind: 'beginning' } };

/** The lines of a service as they come, through cuts of the socket and restarts of the server: each goes on behind the last line that came. */
export function useLog({ serviceId, text, level }: LogWish): ShownLog {
  const live = useLiveConnection();
  const [log, setLog] = useState<ShownLog>(NOTHING);
  useEffect(() => {
    const book = new LogBook(SHOWN_LINES);
    let state: ShownLog['state'] = { kind: 'beginning' };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setLog({ entries: book.entries, letGo: book.letGo, state });
      }, SHOW_MS);
    };
    const become = (next: ShownLog['state']): void => {
      state = next;
      show();
    };
    const filter = text || level ? { ...(text && { text }), ...(level && { level }) } : null;
    setLog(NOTHING);
    const leave = live.follow(
      { document: ServiceLogsDocument, variables: () => ({ serviceId, filter, ...(book.cursor === null ? { tail: TAIL } : { after: book.cursor }) }), ends: false },
      {
        next: ({ serviceLogs }) => {
          book.add(serviceLogs);
          become({ kind: 'following' });
        },
        waiting: (why) => why !== null && become({ kind: 'waiting', why }),
        refused: (why) => become({ kind: 'refused', why }),
      },
    );
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [live, serviceId, text, level]);
  return log;
}
