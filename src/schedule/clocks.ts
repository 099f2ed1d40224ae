import { parse, type DocumentNode } from 'graphql';
import type { RequestContext } from '../context.js';
import type { Logger } from '../logger.js';
import type { OperationRunner } from '../operation.js';

/** An operation that the server runs by itself, again and again. */
export interface Clock {
  name: string;
  operation: DocumentNode;
  everyMs: number;
  /** Whether the answer asks to be run again at once. */
  again?: (data: Record<string, unknown>) => boolean;
}

/** The clocks of every server. */
export const CLOCKS: readonly Clock[] = [
  { name: 'idle previews', operation: parse('mutation closeIdlePreviews { closeIdlePreviews }'), everyMs: 300_000 },
  { name: 'backups', operation: parse('mutation runBackupSchedules { runBackupSchedules }'), everyMs: 20_000 },
  { name: 'notices of failed backups', operation: parse('mutation sendBackupNotices { sendBackupNotices }'), everyMs: 10_000, again: ({ sendBackupNotices }) => sendBackupNotices === true },
  { name: 'reports to GitHub', operation: parse('mutation sendReports { sendReports }'), everyMs: 1_000, again: ({ sendReports }) => sendReports === true },
];

/** What the composition root hands in. */
export interface ClockParts {
  operations: OperationRunner;
  /** A context of the clock itself, which nobody else has; `done` lets go of it. */
  open: () => { context: RequestContext; done: () => void };
  logger: Logger;
}

/**
 * Runs each clock's operation, one at a time, as the system. Several servers may: the operations themselves see to it
 * that nothing is done twice.
 */
export class Clocks {
  readonly #parts: ClockParts;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #open = new Set<() => void>();
  #stopped = false;

  constructor(parts: ClockParts) {
    this.#parts = parts;
  }

  start(clocks: readonly Clock[]): void {
    for (const clock of clocks) this.#later(clock, clock.everyMs);
  }

  /** Nothing begins any more; what is under way is told to stop, and waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const done of this.#open) done();
    await Promise.all(this.#underWay);
  }

  #later(clock: Clock, milliseconds: number): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      const run = this.#run(clock);
      this.#underWay.add(run);
      void run.finally(() => this.#underWay.delete(run));
    }, milliseconds);
    this.#timers.set(clock.name, timer.unref());
  }

  async #run(clock: Clock): Promise<void> {
    const { context, done } = this.#parts.open();
    this.#open.add(done);
    let again = false;
    try {
      const { data, errors } = await this.#parts.operations.run({ document: clock.operation, variables: {} }, context);
      if (errors) this.#parts.logger.warn({ clock: clock.name, error: errors[0]?.message }, 'a clock failed and is tried again');
      else again = clock.again?.(data ?? {}) ?? false;
    } catch (error) {
      this.#parts.logger.warn({ clock: clock.name, err: error }, 'a clock failed and is tried again');
    } finally {
      this.#open.delete(done);
      done();
    }
    this.#later(clock, again ? 0 : clock.everyMs);
  }
}
