import { setTimeout as pause } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor, RequestContext } from '../../context.js';
import type { Database } from '../../entities/database.js';
import { IdempotentCall } from '../../entities/idempotent-call.js';
import { ApexError, badRequest, type ErrorCode } from '../../errors.js';
import type { Vault } from '../../vault/vault.js';
import { stableText } from './stable-text.js';

const KEPT_MS = 24 * 60 * 60 * 1000;
const SWEEP_MS = 60 * 60 * 1000;
/** How long a repetition waits for the first to end, on another server. */
const PATIENCE_MS = 10_000;
const ASK_AGAIN_MS = 50;

/** Refusals that are an answer: asked again, the same would be said. All others changed nothing and may come right. */
export const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['BAD_REQUEST', 'FORBIDDEN', 'NOT_FOUND']);

/** What a client named, and what it asks for. */
export interface NamedCall {
  actor: Actor;
  /** How the client calls the name: it stands in the error. */
  field: 'Idempotency-Key' | 'clientMutationId';
  key: string;
  input: unknown;
}

/** What a call was answered. One that is not `kept` has changed nothing: it may be tried again. */
export interface CallAnswer<T> {
  answer: T;
  kept: boolean;
}

/**
 * Does what carries a client's key once. The change and its answer are one transaction, which is handed on in the context:
 * killed at any moment, either both are there or neither. Repetitions get the first answer, for 24 h.
 */
export class IdempotentCalls {
  /** Repetitions on this server wait here, and not with a connection of the database each. */
  private readonly tails = new Map<string, Promise<unknown>>();
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    private readonly orm: Database,
    private readonly vault: Vault,
  ) {}

  /** Removes what is older than 24 h, now and every hour. */
  start(): void {
    const sweep = (): void => void this.orm.em.fork().execute('delete from idempotent_call where expires_at <= now()', [], 'run').catch(() => undefined);
    this.sweeping = setInterval(sweep, SWEEP_MS).unref();
    sweep();
  }

  stop(): void {
    clearInterval(this.sweeping);
  }

  /** `work` gets the transaction. Throws BAD_REQUEST for a key that was used for another input. */
  async once<T>(call: NamedCall, work: (tx: EntityManager) => Promise<CallAnswer<T>>): Promise<{ answer: T; replayed: boolean }> {
    const { actor } = call;
    const owner = actor.kind === 'account' ? actor.accountId : actor.kind === 'machine' ? `team ${actor.teamId}` : actor.kind;
    const id = this.vault.mac('idempotency key', stableText([owner, call.field, call.key]));
    // What a token is held to decides what the same words mean.
    const held = actor.kind === 'account' || actor.kind === 'machine' ? [actor.teamId, actor.serviceId ?? null] : [];
    const input = this.vault.mac('idempotency input', stableText([held, call.input]));
    return this.alone(id, async () => {
      const until = performance.now() + PATIENCE_MS;
      for (;;) {
        const outcome = await this.attempt(id, input, call.field, work);
        if (outcome) return outcome;
        if (performance.now() > until) throw new ApexError('UNAVAILABLE', `The first request of this ${call.field} is still at work.`, { retryAfterSeconds: 1 });
        await pause(ASK_AGAIN_MS);
      }
    });
  }

  /** Null while another server is at it. */
  private async attempt<T>(id: string, input: string, field: string, work: (tx: EntityManager) => Promise<CallAnswer<T>>): Promise<{ answer: T; replayed: boolean } | null> {
    try {
      return await this.orm.em.fork().transactional(async (tx) => {
        const [lock] = await tx.execute<[{ free: boolean }]>('select pg_try_advisory_xact_lock(hashtextextended(?, 0)) as free', [id]);
        if (!lock.free) return null;
        const [known] = await tx.execute<{ input_hash: string; sealed_answer: string }[]>(
          'select input_hash, sealed_answer from idempotent_call where key_hash = ? and expires_at > now()',
          [id],
        );
        if (known) {
          if (known.input_hash !== input) throw badRequest(`This ${field} was used for another request.`, [{ path: field, message: 'was used for another request in the last 24 h; take a new one' }]);
          return { answer: JSON.parse(this.vault.openOwn(id, known.sealed_answer)) as T, replayed: true };
        }
        const { answer, kept } = await work(tx);
        if (!kept) throw new NotKept(answer);
        const row = { keyHash: id, inputHash: input, sealedAnswer: this.vault.sealOwn(id, JSON.stringify(answer)), expiresAt: new Date(Date.now() + KEPT_MS) };
        await tx.upsert(IdempotentCall, row);
        return { answer, replayed: false };
      });
    } catch (error) {
      if (error instanceof NotKept) return { answer: error.answer as T, replayed: false };
      throw error;
    }
  }

  private async alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.tails.get(id) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.tails.set(id, mine);
    try {
      return await mine;
    } finally {
      if (this.tails.get(id) === mine) this.tails.delete(id);
    }
  }
}

/** The same context, whose reads see what the transaction has written. */
export const within = (context: RequestContext, tx: EntityManager): RequestContext => Object.create(context, { em: { value: tx } }) as RequestContext;

/** Rolls back what a call did that is not kept, and carries its answer. */
class NotKept extends Error {
  constructor(readonly answer: unknown) {
    super('Not kept');
  }
}
