import type { EntityManager } from '@mikro-orm/postgresql';
import { builtImage, EMBEDDED_PLACE, type ImagePlace } from '../../src/entities/built-image.js';
import type { Backup } from '../../src/entities/backup.js';
import type { BackupFile, ClusterState, LogBatch, LogChannel, LogFilter, LogPage, LogSource, LogStart, LogStorage, Orchestrator, ReconcileKey } from '../../src/orchestrator/port.js';
import { requireCluster } from '../../src/orchestrator/port.js';
import type { WakeQueue } from '../../src/queue/wake-queue.js';

/**
 * What the resolvers see of the cluster, for tests of the API alone: its state is what the test says, wake-ups go to the
 * real queue, where nobody works, and the log is what the test puts in.
 */
export class OfflineOrchestrator implements Orchestrator {
  state: ClusterState = { kind: 'ready', version: 'v1.36.1', since: new Date(0) };
  /** What the readers of the log asked for. */
  readonly asked: { source: LogSource; from: LogStart; filter: LogFilter }[] = [];
  readonly batches: LogBatch[] = [];
  readonly listeners = new Set<(batch: LogBatch) => void>();

  /** Groups of readers that follow now. */
  get following(): number {
    return this.listeners.size;
  }

  constructor(private readonly queue: WakeQueue) {}

  wake(tx: EntityManager, ...keys: readonly ReconcileKey[]): Promise<void> {
    return this.queue.wake(tx, ...keys);
  }

  cluster(): ClusterState {
    return this.state;
  }

  /** Nobody here takes the log by himself. */
  follow(): AsyncIterable<LogBatch> {
    throw new Error('Nothing that a door offers follows by itself');
  }

  channel(source: LogSource, filter: LogFilter): LogChannel {
    requireCluster(this.state);
    return {
      listen: (listener) => {
        this.listeners.add(listener);
        return () => void this.listeners.delete(listener);
      },
      begin: async (from, signal, joined) => {
        this.asked.push({ source, from, filter });
        const past = this.batches;
        if (!signal.aborted) joined({ lines: past.flatMap(({ lines }) => lines), dropped: past.reduce((sum, { dropped }) => sum + dropped, 0), gap: past.some(({ gap }) => gap), cursor: past.at(-1)?.cursor ?? null });
      },
    };
  }

  /** What the container says now. */
  say(batch: LogBatch): void {
    for (const listener of this.listeners) listener(batch);
  }

  async history(source: LogSource, from: LogStart, filter: LogFilter): Promise<LogBatch> {
    requireCluster(this.state);
    this.asked.push({ source, from, filter });
    return { lines: this.batches.flatMap(({ lines }) => lines), dropped: 0, gap: false, cursor: null };
  }

  async searchLogs(): Promise<LogPage> {
    return { lines: this.batches.flatMap(({ lines }) => lines.map((line) => ({ line, cursor: line.cursor }))), hasNextPage: false, endCursor: null };
  }

  async logStorage(): Promise<LogStorage> {
    return { lines: 0, bytes: 0, storedBytes: 0, oldestAt: null, droppedLines: 0, lostLines: 0, gaps: 0, limitBytes: 1, days: 1 };
  }

  /** What the test says that a backup has. */
  backupContent: (signal: AbortSignal) => AsyncIterable<Buffer> = async function* () {};

  backupFile({ contentSize }: Backup, signal: AbortSignal): BackupFile {
    return { size: contentSize ?? 0, content: this.backupContent(signal) };
  }

  /** Where what is built is kept. */
  place: ImagePlace = EMBEDDED_PLACE;

  builtImage(teamId: string, serviceId: string): string {
    return builtImage(this.place, teamId, serviceId);
  }

  urlOf(host: string): string {
    return `http://${host}:8080`;
  }
}
