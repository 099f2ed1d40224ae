import { invalid } from './check-input.js';

const MAX_FIRST = 1000;

/** Where a page begins: behind this row. */
export interface Position {
  createdAt: Date;
  id: string;
}

/** What a list is asked for. `limit` is null for the whole list. */
export interface PageWish {
  limit: number | null;
  after: Position | null;
}

/** Reads `first` and `after`. Throws BAD_REQUEST. */
export function pageWish(first: number | null | undefined, after: string | null | undefined): PageWish {
  if (first != null && (first < 1 || first > MAX_FIRST)) {
    throw invalid([{ path: 'first', message: `must be from 1 to ${MAX_FIRST}` }]);
  }
  return { limit: first ?? null, after: after == null ? null : positionOf(after) };
}

export const cursorOf = ({ createdAt, id }: Position): string => Buffer.from(`${createdAt.getTime()} ${id}`).toString('base64url');

function positionOf(cursor: string): Position {
  const [, milliseconds, id] = /^(\d{1,14}) ([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (!milliseconds || !id) throw invalid([{ path: 'after', message: 'must be a cursor of this list' }]);
  return { createdAt: new Date(Number(milliseconds)), id };
}
