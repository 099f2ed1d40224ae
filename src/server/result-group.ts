import type { ExecutionResult } from 'graphql';
import type { ResultEncoding } from '../operation.js';
import type { CountedEvent, SharedEvents } from '../resolvers/subscription/shared-events.js';
import type { ResultMember } from './result-member.js';

/** How results come about: the first reader's operation does it for all. */
export interface ResultMaking {
  resultOf: (event: unknown) => Promise<ExecutionResult>;
  /** The result that says why the reader with this request was refused. */
  failed: (reason: unknown, requestId: string) => ExecutionResult;
}

/** Members that fell behind are looked at this often, together. */
const LOOK_MS = 50;

/** The readers to whom the same results go. An event is executed and encoded once; the bytes go to each in turn. */
export class ResultGroup {
  readonly #members = new Set<ResultMember>();
  /** Those who wait until their reader has taken some of what it was sent. */
  readonly #behind = new Set<ResultMember>();
  readonly #unlisten: () => void;
  /** Events so far: a member gets those behind the number at which it joined. */
  #number = 0;
  #work: Promise<void> = Promise.resolve();
  #look: NodeJS.Timeout | undefined;

  constructor(
    private readonly events: SharedEvents,
    private readonly making: ResultMaking,
    private readonly encoding: ResultEncoding,
    private readonly emptied: () => void,
  ) {
    this.#unlisten = events.listen((counted) => this.#take(counted));
  }

  /** Keeps the group for a member that is about to join. */
  expect(member: ResultMember): void {
    this.#members.add(member);
  }

  /** In the turn in which its beginning was made. */
  join(member: ResultMember, past: CountedEvent[]): void {
    member.begin(past, this.#number);
  }

  leave(member: ResultMember): void {
    this.awaitNothing(member);
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    this.#unlisten();
    this.emptied();
  }

  async encode(event: unknown): Promise<Buffer> {
    return this.encoding.encode(await this.making.resultOf(event));
  }

  failed(reason: unknown, requestId: string): ExecutionResult {
    return this.making.failed(reason, requestId);
  }

  encodeLost(items: number): Promise<Buffer> {
    return this.encode(this.events.lost(items));
  }

  /** The member is looked at until it says that it waits no more. */
  awaitRoom(member: ResultMember): void {
    this.#behind.add(member);
    this.#look ??= setInterval(() => {
      for (const one of this.#behind) one.lookForRoom();
    }, LOOK_MS);
  }

  awaitNothing(member: ResultMember): void {
    if (!this.#behind.delete(member) || this.#behind.size > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }

  #take({ event, items }: CountedEvent): void {
    const number = ++this.#number;
    this.#work = this.#work.then(async () => {
      const encoded = await this.encode(event).catch(() => null);
      for (const member of this.#members) member.put(encoded, items, number);
    });
  }
}
