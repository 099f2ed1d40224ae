import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstallation } from '../../../src/auth/first-boot.js';
import { newTeam } from '../../../src/auth/new-team.js';
import { Account } from '../../../src/entities/account.js';
import { newId } from '../../../src/entities/columns.js';
import type { Fence } from '../../../src/entities/fence.js';
import type { LogPage, LogSearch } from '../../../src/orchestrator/port.js';
import { LogArchive, type Harvest } from '../../../src/orchestrator/logs/history/log-archive.js';
import { LogKeepingLimits, type LogLimits } from '../../../src/orchestrator/logs/history/log-limits.js';
import { LogSearcher } from '../../../src/orchestrator/logs/history/log-search.js';
import { SegmentFolder, type SegmentFiles } from '../../../src/orchestrator/logs/history/segment-folder.js';
import type { StoredLine } from '../../../src/orchestrator/logs/history/stored-line.js';
import { Vault } from '../../../src/vault/vault.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { insertRunningService } from '../../support/rows.js';

/** A history of its own, on a database and a folder of its own, with the lease in hand. */
export class KeptHistory {
  readonly archive: LogArchive;
  readonly searcher: LogSearcher;
  private constructor(
    readonly database: TestDatabase,
    readonly vault: Vault,
    readonly folder: string,
    readonly fence: Fence,
    readonly files: SegmentFiles = new SegmentFolder(folder),
  ) {
    this.archive = new LogArchive(database.orm, vault, this.files);
    this.searcher = new LogSearcher(database.orm, vault, this.files);
  }

  /** In `files`, where they are not to be in a folder. */
  static async start(files?: SegmentFiles): Promise<KeptHistory> {
    const database = await createTestDatabase();
    const vault = new Vault(randomBytes(32));
    await ensureInstallation(database.orm, vault);
    const history = new KeptHistory(database, vault, mkdtempSync(join(tmpdir(), 'apex-history-')), { key: 'log-history', holder: newId(), fence: 1 }, files);
    await history.holdLease();
    return history;
  }

  get em() {
    return this.database.orm.em.fork();
  }

  limits(limits: Partial<LogLimits> = {}): LogKeepingLimits {
    return new LogKeepingLimits(this.database.orm, this.files, { bytes: 1024 ** 3, days: 7, ...limits });
  }

  /** A team with a service in it. */
  async service(): Promise<{ teamId: string; source: string; serviceId: string }> {
    const [{ id: installationId }] = await this.em.execute<[{ id: string }]>('select id from installation');
    const account = Object.assign(new Account(), { name: 'Ada' });
    const em = this.em;
    await em.persist(account).flush();
    const team = await this.em.transactional((tx) => newTeam(tx, this.vault, installationId, { name: 'Loggers', personal: false, accountId: account.id }));
    const { id } = await insertRunningService(this.database, `logger-${newId().slice(-8)}`, { teamId: team.id });
    return { teamId: team.id, source: `service/${id}`, serviceId: id };
  }

  async append(to: { teamId: string; source: string }, lines: StoredLine[], more: Partial<Harvest> = {}): Promise<void> {
    await this.archive.append([{ ...to, lines, cursor: `c${lines.length}`, lost: 0, gaps: 0, ...more }], this.fence);
  }

  search(source: string, search: Partial<LogSearch> = {}): Promise<LogPage> {
    return this.searcher.search(source, { filter: {}, first: 1_000, oldestFirst: false, ...search }, AbortSignal.timeout(60_000));
  }

  /** All that a search finds, page after page. */
  async all(source: string, search: Partial<LogSearch> = {}): Promise<string[]> {
    const found: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.search(source, { ...search, after });
      found.push(...page.lines.map(({ line }) => line.raw));
      if (!page.hasNextPage) return found;
      after = page.endCursor ?? undefined;
    }
  }

  async segments(source: string): Promise<number> {
    return (await this.em.execute<unknown[]>('select 1 from log_segment where source = ?', [source])).length;
  }

  async storedFiles(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of this.files.written(new Date(Date.now() + 60_000))) ids.push(id);
    return ids;
  }

  async holdLease(): Promise<void> {
    await this.em.execute(`insert into lease (key, holder, fence, expires_at) values (?, ?, ?, now() + interval '1 hour')`, [this.fence.key, this.fence.holder, this.fence.fence], 'run');
  }

  async stop(): Promise<void> {
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A line of a service, `seconds` after a fixed moment. */
export const storedAt = (seconds: number, raw: string, more: Partial<StoredLine> = {}): StoredLine => ({
  run: 'abcde-xyz12.0', ns: BigInt(NOON.getTime() + Math.round(seconds * 1000)) * 1_000_000n, ordinal: 0, replica: 'web-abcde-xyz12', deploymentId: null, raw, cut: false, ...more,
});

export const NOON = new Date(new Date().setMilliseconds(0) - 3600_000);
export const at = (seconds: number): Date => new Date(NOON.getTime() + seconds * 1000);
