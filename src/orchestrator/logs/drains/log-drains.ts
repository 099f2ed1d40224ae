import type { MikroORM } from '@mikro-orm/postgresql';
import type { Fence } from '../../../entities/fence.js';
import type { Logger } from '../../../logger.js';
import type { GuardedFetch } from '../../../outside/guarded-fetch.js';
import type { Vault } from '../../../vault/vault.js';
import type { LogSearcher } from '../history/log-search.js';
import type { DrainTarget } from './drained-line.js';
import { DrainQueue } from './drain-queue.js';
import { DrainSender } from './drain-sender.js';
import { HttpsDrain } from './https-drain.js';
import { SyslogDrain } from './syslog-drain.js';

/** More does not wait for one source of a drain. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
/** The lines of all teams, for who runs a Loki. */
export const LOKI = 'loki';

export interface DrainParts {
  orm: MikroORM;
  vault: Pick<Vault, 'open'>;
  logger: Logger;
  searcher: Pick<LogSearcher, 'search'>;
  guard: GuardedFetch;
  allowedInternal: readonly string[];
  /** The installation's own Loki, where there is one. */
  loki: DrainTarget | null;
  mostWaitingBytes?: number;
}

interface DrainRow {
  id: string;
  team_id: string;
  url: string;
  sealed_token: string | null;
}

/** All drains of the installation, in the one server that keeps the history. */
export class LogDrains {
  readonly #senders = new Map<string, { version: string; sender: DrainSender }>();

  constructor(private readonly parts: DrainParts) {}

  /** Starts, restarts and ends senders so that they are what the rows say, and tells them of new lines. */
  async look(fence: Fence): Promise<void> {
    const em = this.parts.orm.em.fork();
    const rows = await em.execute<DrainRow[]>('select id, team_id, url, sealed_token from log_drain');
    const wanted = new Map(rows.map((row) => [row.id, `${row.url} ${row.sealed_token ?? ''}`]));
    if (this.parts.loki) wanted.set(LOKI, '');
    for (const [id, { version, sender }] of this.#senders) {
      if (wanted.get(id) === version) continue;
      this.#senders.delete(id);
      await sender.stop();
    }
    if (this.parts.loki && !this.#senders.has(LOKI)) this.#start(LOKI, '', null, this.parts.loki, fence);
    for (const row of rows) {
      if (this.#senders.has(row.id)) continue;
      const token = row.sealed_token === null ? null : await this.parts.vault.open(em, row.team_id, row.id, row.sealed_token);
      this.#start(row.id, wanted.get(row.id)!, row.team_id, this.#target(row.url, token), fence);
    }
    for (const { sender } of this.#senders.values()) sender.wake();
  }

  /** The lease is given back, or lost. */
  async stop(): Promise<void> {
    const senders = [...this.#senders.values()];
    this.#senders.clear();
    await Promise.all(senders.map(({ sender }) => sender.stop()));
  }

  #start(id: string, version: string, teamId: string | null, target: DrainTarget, fence: Fence): void {
    const { orm, logger, searcher, mostWaitingBytes = MOST_WAITING_BYTES } = this.parts;
    const queue = new DrainQueue(orm, (source, search, signal) => searcher.search(source, search, signal), id, teamId, mostWaitingBytes);
    this.#senders.set(id, { version, sender: new DrainSender(orm, logger, id, target, queue, fence) });
  }

  #target(url: string, token: string | null): DrainTarget {
    const { guard, allowedInternal } = this.parts;
    return /^https?:/.test(url) ? new HttpsDrain(guard, url, token) : new SyslogDrain(new URL(url), new Set(allowedInternal.map((entry) => entry.toLowerCase())));
  }
}
