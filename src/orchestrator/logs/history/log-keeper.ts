import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { LeaseLost } from '../../../entities/fence.js';
import type { Logger } from '../../../logger.js';
import { withLease, type HeldLease } from '../../../queue/lease.js';
import type { LogBatch, LogSource, LogStart } from '../../port.js';
import type { LogDrains } from '../drains/log-drains.js';
import type { LogArchive } from './log-archive.js';
import { LogCollector } from './log-collector.js';
import type { LogKeepingLimits } from './log-limits.js';
import { keptSources, type KeptSource } from './kept-sources.js';

const LEASE = 'log-history';
const TICK_MS = 2_000;
/** Whoever holds the lease may have been killed; it runs out after 15 s. */
const ASK_AGAIN_MS = 5_000;
const AGAIN_MS = 2_000;
const LIMITS_MS = 10_000;
const SWEEP_MS = 60 * 60_000;
/** A segment is not larger than this by much. */
const SEGMENT_BYTES = 1024 * 1024;

export interface KeeperParts {
  orm: MikroORM;
  logger: Logger;
  archive: LogArchive;
  limits: LogKeepingLimits;
  follow: (source: LogSource, from: LogStart, signal: AbortSignal) => AsyncIterable<LogBatch>;
  drains: LogDrains;
}

interface Kept {
  collector: LogCollector;
  leaving: AbortController;
}

/** Keeps the lines of all that runs: one server does it at a time, by lease, and goes on where the one before it stopped. */
export class LogKeeper {
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: KeeperParts) {}

  start(): void {
    this.#running = this.#run();
  }

  /** Writes what it holds and gives the lease back. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { orm, logger } = this.parts;
    while (!this.#stopped.signal.aborted) {
      await withLease(orm, LEASE, logger, (lease) => this.#keep(lease)).catch((error: unknown) => {
        if (!(error instanceof LeaseLost)) logger.warn({ err: error }, 'the history of logs was interrupted');
      });
      await pause(ASK_AGAIN_MS, this.#stopped.signal);
    }
  }

  async #keep(lease: HeldLease): Promise<void> {
    const kept = new Map<string, Kept>();
    const signal = AbortSignal.any([this.#stopped.signal, lease.signal]);
    let limitsAt = 0;
    let sweepAt = 0;
    try {
      while (!signal.aborted) {
        await this.#reconcile(kept, signal);
        await pause(TICK_MS, signal);
        await this.#write(kept, lease);
        await this.parts.drains.look(lease.fence);
        const now = performance.now();
        if (now > limitsAt) await this.parts.limits.enforce(lease.fence).then(() => (limitsAt = now + LIMITS_MS));
        if (now > sweepAt) await this.parts.limits.sweep().then(() => (sweepAt = now + SWEEP_MS));
      }
    } finally {
      for (const { leaving } of kept.values()) leaving.abort();
      await this.parts.drains.stop();
    }
  }

  /** Follows what is there now and leaves what is not; that goes once its last lines are written. */
  async #reconcile(kept: Map<string, Kept>, signal: AbortSignal): Promise<void> {
    const sources = await keptSources(this.parts.orm.em.fork());
    const wanted = new Map(sources.map((source) => [source.key, source]));
    for (const [key, { leaving }] of kept) if (!wanted.has(key)) leaving.abort();
    const fresh = sources.filter(({ key }) => !kept.has(key));
    const cursors = await this.parts.archive.cursors(fresh.map(({ key }) => key));
    for (const source of fresh) {
      const collector = new LogCollector(source.key, source.teamId, cursors.get(source.key) ?? null);
      const leaving = new AbortController();
      kept.set(source.key, { collector, leaving });
      void this.#follow(source, collector, AbortSignal.any([leaving.signal, signal]));
    }
  }

  /** Through whatever cuts it: the cluster may be away for a while. */
  async #follow(source: KeptSource, collector: LogCollector, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const from: LogStart = collector.cursor === null ? { since: new Date(0) } : { after: collector.cursor };
      try {
        await collector.read(this.parts.follow(source.source, from, signal));
      } catch (error) {
        this.parts.logger.debug({ err: error, source: source.key }, 'a log cannot be kept now');
      }
      await pause(AGAIN_MS, signal);
    }
  }

  async #write(kept: Map<string, Kept>, lease: HeldLease): Promise<void> {
    const harvests = [...kept.values()].flatMap(({ collector }) => collector.take() ?? []);
    for (const [key, { leaving }] of kept) if (leaving.signal.aborted) kept.delete(key);
    if (harvests.length === 0) return;
    // Where this fails, all is read again from the cluster, behind what was written last.
    await this.parts.archive.append(harvests.flatMap(inSegments), lease.fence);
    for (const { source } of harvests) await this.parts.archive.merge(source, lease.fence);
  }
}

/** A burst becomes several segments; only the last of them says where the source goes on. */
function inSegments<T extends { lines: { raw: string }[]; cursor: string | null; lost: number; gaps: number }>(harvest: T): T[] {
  const parts: T['lines'][] = [[]];
  let bytes = 0;
  for (const line of harvest.lines) {
    if (bytes > SEGMENT_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(line);
    bytes += line.raw.length;
  }
  return parts.map((lines, index) => (index === parts.length - 1 ? { ...harvest, lines } : { ...harvest, lines, cursor: null, lost: 0, gaps: 0 }));
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<unknown> => sleep(milliseconds, undefined, { signal }).catch(() => undefined);
