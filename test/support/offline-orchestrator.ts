import type { EntityManager } from '@mikro-orm/postgresql';
import type { ClusterState, LogBatch, LogFilter, LogPage, LogSource, LogStart, LogStorage, Orchestrator, ReconcileKey } from '../../src/orchestrator/port.js';
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
  /** Readers that follow now. */
  following = 0;

  constructor(private readonly queue: WakeQueue) {}

  wake(tx: EntityManager, key: ReconcileKey): Promise<void> {
    return this.queue.wake(tx, key);
  }

  cluster(): ClusterState {
    return this.state;
  }

  async *follow(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): AsyncGenerator<LogBatch> {
    requireCluster(this.state);
    this.asked.push({ source, from, filter });
    this.following += 1;
    try {
      yield* this.batches;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    } finally {
      this.following -= 1;
    }
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

  urlOf(host: string): string {
    return `http://${host}:8080`;
  }
}
