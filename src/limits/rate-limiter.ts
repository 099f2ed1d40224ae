import pg from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Logger } from '../logger.js';
import { bucketOf } from './client-address.js';

const WINDOW_SECONDS = 60;
const TABLE = 'rate_limit';
/** Any number, the same in every server: two that boot at once make the table once. */
const TABLE_LOCK = 4_927_015_640;
/** A database that does not answer must not hold up requests: then memory counts. */
const DEADLINE_MS = 1_000;
const MAX_CONNECTIONS = 4;

/** What a request may learn of its allowance. */
export interface Allowance {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Whole seconds until the window ends, rounded up: after them a request is allowed again. */
  resetSeconds: number;
}

/** One allowance for each IP address over all doors and all servers. */
export interface RateLimiter {
  /** Null where the limit is switched off. */
  consume(address: string, points?: number): Promise<Allowance | null>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Counts in PostgreSQL with one atomic statement a request; in memory while the database is away. A `limit` of 0 switches it
 * off. Limiters of different names count apart.
 */
export function createRateLimiter(databaseUrl: string, limit: number, logger: Logger, name = 'ip'): RateLimiter {
  return limit === 0 ? UNLIMITED : new PostgresLimiter(databaseUrl, limit, logger, name);
}

const UNLIMITED: RateLimiter = {
  consume: () => Promise.resolve(null),
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

interface Waiting {
  points: number;
  resolve: (allowance: Allowance) => void;
  reject: (error: unknown) => void;
}

class PostgresLimiter implements RateLimiter {
  private readonly pool: pg.Pool;
  private readonly memory: RateLimiterMemory;
  private readonly lines = new Map<string, Waiting[]>();
  private shared: RateLimiterPostgres | undefined;

  constructor(
    databaseUrl: string,
    private readonly limit: number,
    logger: Logger,
    private readonly name: string,
  ) {
    this.pool = new pg.Pool({ connectionString: databaseUrl, max: MAX_CONNECTIONS, connectionTimeoutMillis: DEADLINE_MS, query_timeout: DEADLINE_MS, application_name: 'apex-limits' });
    this.pool.on('error', (err) => logger.warn({ error: err.message }, 'an idle connection of the rate limiter was lost'));
    this.memory = new RateLimiterMemory({ points: limit, duration: WINDOW_SECONDS });
  }

  /** Makes the table. Until then, and whenever the database is away, memory counts. */
  async start(): Promise<void> {
    const client = await this.pool.connect();
    try {
      // Unlogged: losing a minute's counts in a crash of the database is no loss, and each request is spared a write to its log.
      await client.query(`select pg_advisory_xact_lock(${TABLE_LOCK});
        create unlogged table if not exists ${TABLE} (key varchar(255) primary key, points integer not null default 0, expire bigint)`);
    } finally {
      client.release();
    }
    this.shared = new RateLimiterPostgres({
      storeClient: this.pool,
      tableName: TABLE,
      tableCreated: true,
      keyPrefix: this.name,
      points: this.limit,
      duration: WINDOW_SECONDS,
      inMemoryBlockOnConsumed: this.limit + 1,
      insuranceLimiter: this.memory,
    });
  }

  async stop(): Promise<void> {
    await this.pool.end();
  }

  /**
   * Requests of one address that come while its count is being taken wait and are counted together by the next statement:
   * they would only wait for one another's lock on the row. Each is allowed or not by its own place in the sum.
   */
  consume(address: string, points = 1): Promise<Allowance> {
    const bucket = bucketOf(address);
    return new Promise((resolve, reject) => {
      const line = this.lines.get(bucket);
      if (line) return void line.push({ points, resolve, reject });
      const first = [{ points, resolve, reject }];
      this.lines.set(bucket, first);
      void this.serve(bucket, first);
    });
  }

  private async serve(bucket: string, line: Waiting[]): Promise<void> {
    while (line.length > 0) {
      const together = line.splice(0);
      try {
        const total = together.reduce((sum, { points }) => sum + points, 0);
        const state = await this.count(bucket, total);
        let consumed = state.consumedPoints - total;
        for (const { points, resolve } of together) resolve(this.allowance((consumed += points), state.msBeforeNext));
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.lines.delete(bucket);
  }

  /** Adds to the bucket, whether that is allowed or not, and answers its sum. */
  private async count(bucket: string, points: number): Promise<{ consumedPoints: number; msBeforeNext: number }> {
    try {
      return await (this.shared ?? this.memory).consume(bucket, points);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      // One that is known to be over its limit is refused without asking the database, and then without a sum.
      return { msBeforeNext: refused.msBeforeNext, consumedPoints: refused.consumedPoints || this.limit + points + 1 };
    }
  }

  private allowance(consumed: number, msBeforeNext: number): Allowance {
    return { allowed: consumed <= this.limit, limit: this.limit, remaining: Math.max(0, this.limit - consumed), resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
  }
}
