import { v7 } from 'uuid';

/** Times are `timestamptz` in milliseconds, as JavaScript's are. Spread it: the decorator writes into the object that it is given. */
export const timestamp = { type: 'datetime', length: 3 } as const;

/** Ids are UUIDs of version 7: they sort by creation, so `(created_at, id)` needs no second thought in cursors. */
export const newId = (): string => v7();
