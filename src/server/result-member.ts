import type { ResultReader } from '../operation.js';
import type { CountedEvent, SharedEvents } from '../resolvers/subscription/shared-events.js';
import type { ResultGroup } from './result-group.js';

/** What a reader that does not read may cost: what it was sent and has not taken, and what waits for it. */
export const MOST_BYTES = 256 * 1024;
/** Whoever fell behind is sent on once he has taken so much of it, so that losses are told of in few places. */
const ENOUGH_BYTES = MOST_BYTES / 2;
/** Whoever takes nothing of his beginning for so long loses the rest of it. */
const PATIENCE_MS = 10_000;

interface Waiting {
  encoded: Buffer;
  items: number;
}

/**
 * One reader's place in a group. What it cannot take is counted, and announced in its place: sent + announced as lost is
 * all that there was. Costs the group nothing but a loop's turn while the reader keeps up.
 */
export class ResultMember {
  #isGone = false;
  #begun: AbortController | undefined;
  #unwatch: (() => void) | undefined;
  /** Results up to this number are part of its beginning. Until it has joined it gets none. */
  #from = Number.POSITIVE_INFINITY;
  /** What comes while something of its own is on the way; null while there is nothing. */
  #waiting: Waiting[] | null = null;
  #waitingBytes = 0;
  #lost = 0;
  #room: ((hasRoom: boolean) => void) | undefined;
  #roomSince = 0;

  constructor(
    private readonly group: ResultGroup,
    private readonly reader: ResultReader,
    private readonly requestId: string,
  ) {
    group.expect(this);
  }

  /** Answers how its reader leaves. Nothing of the operation is held on to but the reader itself. */
  start(events: SharedEvents): () => void {
    this.#begun = new AbortController();
    this.#unwatch = events.watch((reason) => this.#refuse(reason));
    events.begin(this.#begun.signal, (past) => this.group.join(this, past)).catch((error: unknown) => this.#refuse(error));
    return () => this.#leave();
  }

  /** Its own first results, then those of the group that are numbered behind `from`. */
  begin(past: CountedEvent[], from: number): void {
    if (this.#isGone) return;
    this.#begun = undefined;
    this.#from = from;
    if (past.length === 0) return;
    this.#waiting = [];
    void this.#sendPast(past).catch(() => undefined);
  }

  /** A result of the group; null where it could not be made. */
  put(encoded: Buffer | null, items: number, number: number): void {
    if (number <= this.#from || this.#isGone) return;
    if (!encoded) return this.#lose(items);
    const cost = this.reader.buffered + this.#waitingBytes;
    // What tells of a gap has no items, and is never left out.
    if (items > 0 && (this.#lost > 0 || (cost > 0 && cost + encoded.length > MOST_BYTES))) return this.#lose(items);
    if (!this.#waiting) return this.reader.write(encoded);
    this.#waiting.push({ encoded, items });
    this.#waitingBytes += encoded.length;
  }

  /** Asked from time to time while it waits for room. */
  lookForRoom(): void {
    const hasRoom = this.reader.buffered <= ENOUGH_BYTES;
    if (this.#room) {
      if (!hasRoom && performance.now() - this.#roomSince < PATIENCE_MS) return;
      const told = this.#room;
      this.#room = undefined;
      if (this.#lost === 0) this.group.awaitNothing(this);
      return told(hasRoom);
    }
    if (hasRoom && !this.#waiting) void this.#announce().catch(() => undefined);
  }

  #refuse(reason: unknown): void {
    if (this.#isGone) return;
    this.#leave();
    this.reader.end(this.group.failed(reason, this.requestId));
  }

  #leave(): void {
    this.#isGone = true;
    this.#begun?.abort();
    this.#unwatch?.();
    this.group.leave(this);
  }

  #lose(items: number): void {
    if (items === 0) return;
    this.#lost += items;
    this.group.awaitRoom(this);
  }

  async #sendPast(past: CountedEvent[]): Promise<void> {
    for (let at = 0; at < past.length; at += 1) {
      const { event, items } = past[at] as CountedEvent;
      if (!(await this.#hasRoom())) {
        // What waits is behind what is given up, so it is lost with it: there is one place to tell of.
        for (const one of [...past.slice(at), ...(this.#waiting ?? [])]) this.#lose(one.items);
        this.#waiting = null;
        this.#waitingBytes = 0;
        return;
      }
      const encoded = await this.group.encode(event);
      if (this.#isGone) return;
      this.reader.write(encoded);
      past[at] = { event: null, items };
    }
    this.#sendWaiting();
  }

  /** False where the reader has taken too little for too long. */
  #hasRoom(): Promise<boolean> | boolean {
    if (this.#isGone || this.reader.buffered <= ENOUGH_BYTES) return true;
    this.#roomSince = performance.now();
    return new Promise((resolve) => {
      this.#room = resolve;
      this.group.awaitRoom(this);
    });
  }

  async #announce(): Promise<void> {
    const lost = this.#lost;
    this.#lost = 0;
    this.group.awaitNothing(this);
    if (lost === 0) return;
    this.#waiting = [];
    const encoded = await this.group.encodeLost(lost);
    if (this.#isGone) return;
    this.reader.write(encoded);
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    this.#waitingBytes = 0;
    for (const { encoded } of waiting) this.reader.write(encoded);
  }
}
