import { resolve } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Config } from '../../../config.js';
import type { Logger } from '../../../logger.js';
import type { Vault } from '../../../vault/vault.js';
import type { LogPage, LogSearch, LogStorage } from '../../port.js';
import { LogArchive } from './log-archive.js';
import { LogKeeper, type KeeperParts } from './log-keeper.js';
import { LogKeepingLimits } from './log-limits.js';
import { LogSearcher } from './log-search.js';
import { SegmentFolder } from './segment-folder.js';

export interface HistoryParts {
  orm: MikroORM;
  vault: Pick<Vault, 'open' | 'seal'>;
  logger: Logger;
  config: Pick<Config, 'APEX_HOME' | 'APEX_LOG_HISTORY_DIR' | 'APEX_LOG_HISTORY_BYTES' | 'APEX_LOG_HISTORY_DAYS'>;
  follow: KeeperParts['follow'];
}

/** The history of logs of this installation: kept while anything runs, searched whether it runs or not. */
export class LogHistoryStore {
  readonly #limits: LogKeepingLimits;
  readonly #searcher: LogSearcher;
  readonly #keeper: LogKeeper | null;

  constructor({ orm, vault, logger, config, follow }: HistoryParts) {
    const files = new SegmentFolder(resolve(config.APEX_LOG_HISTORY_DIR ?? `${config.APEX_HOME}/log-history`));
    const archive = new LogArchive(orm, vault, files);
    this.#limits = new LogKeepingLimits(orm, files, { bytes: config.APEX_LOG_HISTORY_BYTES, days: config.APEX_LOG_HISTORY_DAYS });
    this.#searcher = new LogSearcher(orm, vault, files);
    this.#keeper = config.APEX_LOG_HISTORY_BYTES > 0 ? new LogKeeper({ orm, logger, archive, limits: this.#limits, follow, onKept: async () => undefined }) : null;
  }

  start(): void {
    this.#keeper?.start();
  }

  async stop(): Promise<void> {
    await this.#keeper?.stop();
  }

  search(source: string, search: LogSearch, signal: AbortSignal): Promise<LogPage> {
    return this.#searcher.search(source, search, signal);
  }

  storageOf(teamId: string): Promise<LogStorage> {
    return this.#limits.storageOf(teamId);
  }
}
