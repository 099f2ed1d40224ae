import { resolve } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Config } from '../../../config.js';
import type { Logger } from '../../../logger.js';
import type { GuardedFetch } from '../../../outside/guarded-fetch.js';
import type { S3Storage } from '../../../outside/s3-storage.js';
import type { Vault } from '../../../vault/vault.js';
import type { LogPage, LogSearch, LogStorage } from '../../port.js';
import { LogDrains } from '../drains/log-drains.js';
import { Loki } from '../drains/loki.js';
import { LogArchive } from './log-archive.js';
import { LogKeeper, type KeeperParts } from './log-keeper.js';
import { LogKeepingLimits } from './log-limits.js';
import { LogSearcher } from './log-search.js';
import { SegmentBucket } from './segment-bucket.js';
import { SegmentFolder } from './segment-folder.js';
import { SegmentPlaces } from './segment-places.js';

export interface HistoryParts {
  orm: MikroORM;
  vault: Pick<Vault, 'open' | 'seal'>;
  logger: Logger;
  guard: GuardedFetch;
  /** Null where no S3-compatible storage is set. */
  storage: S3Storage | null;
  installationId: string;
  config: Pick<Config, 'APEX_ALLOWED_INTERNAL' | 'APEX_LOKI_URL' | 'APEX_LOKI_TOKEN' | 'APEX_LOKI_TENANT' | 'APEX_HOME' | 'APEX_LOG_HISTORY_DIR' | 'APEX_LOG_HISTORY_STORE' | 'APEX_LOG_HISTORY_BYTES' | 'APEX_LOG_HISTORY_DAYS'>;
  follow: KeeperParts['follow'];
}

/** The history of logs of this installation: kept while anything runs, searched whether it runs or not. */
export class LogHistoryStore {
  readonly #limits: LogKeepingLimits;
  readonly #searcher: LogSearcher;
  readonly #loki: Loki | null;
  readonly #keeper: LogKeeper | null;

  constructor({ orm, vault, logger, guard, storage, installationId, config, follow }: HistoryParts) {
    const folder = new SegmentFolder(resolve(config.APEX_LOG_HISTORY_DIR ?? `${config.APEX_HOME}/log-history`));
    const bucket = storage && new SegmentBucket(storage, installationId);
    const files = !bucket ? folder : config.APEX_LOG_HISTORY_STORE === 's3' ? new SegmentPlaces(bucket, folder) : new SegmentPlaces(folder, bucket);
    const archive = new LogArchive(orm, vault, files);
    const { APEX_LOKI_URL: url, APEX_LOKI_TOKEN: token = null, APEX_LOKI_TENANT: tenant = null } = config;
    this.#loki = url === undefined ? null : new Loki(guard, { url, token, tenant, installationId });
    this.#limits = new LogKeepingLimits(orm, files, { bytes: config.APEX_LOG_HISTORY_BYTES, days: config.APEX_LOG_HISTORY_DAYS });
    this.#searcher = new LogSearcher(orm, vault, files);
    const drains = new LogDrains({ orm, vault, logger, searcher: this.#searcher, guard, allowedInternal: config.APEX_ALLOWED_INTERNAL, loki: this.#loki });
    this.#keeper = config.APEX_LOG_HISTORY_BYTES > 0 ? new LogKeeper({ orm, logger, archive, limits: this.#limits, follow, drains }) : null;
  }

  start(): void {
    this.#keeper?.start();
  }

  async stop(): Promise<void> {
    await this.#keeper?.stop();
  }

  search(source: string, search: LogSearch, signal: AbortSignal): Promise<LogPage> {
    // What a drain does not send, Loki does not have.
    return (source.startsWith('pre-deploy/') ? this.#searcher : (this.#loki ?? this.#searcher)).search(source, search, signal);
  }

  storageOf(teamId: string): Promise<LogStorage> {
    return this.#limits.storageOf(teamId);
  }
}
