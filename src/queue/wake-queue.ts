import type { EntityManager } from '@mikro-orm/postgresql';
import { fromKysely, PgBoss, type JobWithMetadata } from 'pg-boss';
import type { Logger } from '../logger.js';
import { Courtesy } from './courtesy.js';

const QUEUE = 'reconcile';
const HEARTBEAT_SECONDS = 10;
/** A look at a key takes seconds; one that hangs for longer is aborted and tried again. */
const EXPIRE_SECONDS = 300;
/** Looks at these keys move all of a database's content. */
const LONG_KEY = /^(backup|restore|recoveryBase)\//;
const LONG_EXPIRE_SECONDS = 3 * 3_600;
const STOP_TIMEOUT_MS = 20_000;
/** A finished job does not wake the one that waits behind the same key. By then its row is written. */
const WAKE_NEXT_MS = 15;
const LOOKS_AT_ONCE = 8;

/** What a look at a key ended with. Throwing is the third answer: back off and try again. */
export type LookResult = { again: 'never' } | { again: 'later'; seconds: number };
export type Look = (key: string, signal: AbortSignal) => Promise<LookResult>;

interface WakeUp {
  key: string;
}

/**
 * Wake-ups: "look at this key". The rows hold the truth, a job holds nothing but the key. One look at a key at a time
 * over all servers; wake-ups that wait for the same key are answered by one look, because it reads everything afresh.
 */
export class WakeQueue {
  readonly #boss: PgBoss;
  readonly #logger: Logger;
  #worker: string | undefined;
  #started = false;

  /** A look waits for its turn: who waits for an answer goes first. */
  constructor(databaseUrl: string, logger: Logger, private readonly courtesy = new Courtesy()) {
    this.#logger = logger;
    this.#boss = new PgBoss({
      connectionString: databaseUrl,
      application_name: 'apex-queue',
      max: 6,
      useListenNotify: true,
      schedule: false,
      registerInstance: false,
      monitorIntervalSeconds: 5,
      superviseIntervalSeconds: 5,
      openTelemetry: { enabled: false },
    });
    this.#boss.on('error', (error) => logger.error({ err: error }, 'the queue reported an error'));
    this.#boss.on('warning', (warning) => logger.warn({ warning: warning.message }, 'the queue reported a warning'));
  }

  /** Makes the queue's own tables where they are missing. Wake-ups can be sent from then on. */
  async start(): Promise<void> {
    await this.#boss.start();
    await this.#boss.createQueue(QUEUE, {
      policy: 'singleton',
      notify: true,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: EXPIRE_SECONDS,
      retryLimit: 1_000_000,
      retryDelay: 1,
      retryBackoff: true,
      retryDelayMax: 60,
      deleteAfterSeconds: 60,
    });
    this.#started = true;
  }

  /** Sends wake-ups in the caller's transaction: they happen if, and only if, that commits. */
  async wake(tx: EntityManager, ...keys: readonly string[]): Promise<void> {
    const transaction = tx.getTransactionContext();
    if (!transaction) throw new Error('A wake-up needs the transaction of the write that it belongs to');
    await this.#boss.insert(QUEUE, keys.map((key) => ({ data: { key } satisfies WakeUp, singletonKey: key, priority: 1, ...limitOf(key) })), { db: fromKysely(transaction as never) });
  }

  /** Sends wake-ups outside of any transaction, for what was seen in the cluster. */
  async wakeAll(keys: readonly string[], priority = 0): Promise<void> {
    if (keys.length === 0 || !this.#started) return;
    await this.#boss.insert(QUEUE, keys.map((key) => ({ data: { key } satisfies WakeUp, singletonKey: key, priority, ...limitOf(key) })));
  }

  /** Sends a wake-up that is due in `seconds`. */
  async wakeLater(key: string, seconds: number): Promise<void> {
    await this.#boss.sendAfter(QUEUE, { key } satisfies WakeUp, { singletonKey: key, ...limitOf(key) }, new Date(Date.now() + seconds * 1000));
  }

  /** Begins to answer wake-ups. The signal of a look aborts when this worker is no longer entitled to the key. */
  async work(look: Look): Promise<void> {
    this.#worker = await this.#boss.work<WakeUp>(
      QUEUE,
      { localConcurrency: LOOKS_AT_ONCE, pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2 },
      async ([job]) => {
        if (!job) return;
        await this.courtesy.turn();
        try {
          await this.#coalesce(job.data.key);
          const result = await look(job.data.key, job.signal);
          if (result.again === 'later') await this.wakeLater(job.data.key, result.seconds);
        } catch (error) {
          this.#logger.warn({ err: error, key: job.data.key, retry: job.retryCount }, 'a look at a key failed and is tried again');
          throw error;
        } finally {
          setTimeout(() => this.#wakeNext(), WAKE_NEXT_MS).unref();
        }
      },
    );
  }

  /** How many wake-ups wait and how many are being answered. */
  async counts(): Promise<{ waiting: number; active: number }> {
    const [stats] = await this.#boss.getQueueStats(QUEUE, { force: true });
    return { waiting: stats?.queuedCount ?? 0, active: stats?.activeCount ?? 0 };
  }

  /** Fetches nothing more and waits for the looks at work, but not for ever. Wake-ups can still be sent. */
  async endWork(): Promise<void> {
    if (!this.#worker) return;
    this.#worker = undefined;
    const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref());
    await Promise.race([this.#boss.offWork(QUEUE), late]);
  }

  /** Ends the work, then lets go of the database. */
  async stop(): Promise<void> {
    if (!this.#started) return;
    await this.endWork();
    this.#started = false;
    await this.#boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS });
  }

  /** What waits for this key was sent by writes that are committed, so the look which now begins sees them. */
  async #coalesce(key: string): Promise<void> {
    const waiting: JobWithMetadata<WakeUp>[] = await this.#boss.findJobs<WakeUp>(QUEUE, { key, queued: true });
    if (waiting.length > 0) await this.#boss.deleteJob(QUEUE, waiting.map((job) => job.id));
  }

  #wakeNext(): void {
    if (this.#worker) this.#boss.notifyWorker(this.#worker);
  }
}

const limitOf = (key: string): { expireInSeconds?: number } => (LONG_KEY.test(key) ? { expireInSeconds: LONG_EXPIRE_SECONDS } : {});
