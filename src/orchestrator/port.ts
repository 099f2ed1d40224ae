import type { EntityManager } from '@mikro-orm/postgresql';
import type { Backup } from '../entities/backup.js';
import { clusterRequired } from '../errors.js';

/** What the reconciler is asked to look at. It carries a key and never what happened. */
export type ReconcileKey = `service/${string}` | `environment/${string}` | `database/${string}` | `backup/${string}` | `restore/${string}` | `recoveryLog/${string}` | `recoveryBase/${string}`;

/** The cluster as the watcher last saw it: a value in memory, never a call. */
export type ClusterState =
  | { kind: 'ready'; version: string; since: Date }
  | { kind: 'building'; percent: number; message: string; since: Date }
  | { kind: 'unreachable'; message: string; since: Date }
  | { kind: 'none' };

/** From the least to the worst. */
export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogStream = 'stdout' | 'stderr';

/** What a JSON line holds beside its message and level. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One line of a container's log. `cursor` is opaque; a reader that gives it back as `after` goes on behind this line. */
export interface LogLine {
  timestamp: Date;
  replica: string;
  /** Null where both were read as one: Kubernetes tells them apart only for who asks for one of them. */
  stream: LogStream | null;
  level: LogLevel | null;
  /** Without colours; of a JSON line, its message. */
  message: string;
  fields: LogFields | null;
  /** As the container wrote it, with colours and as JSON. */
  raw: string;
  /** It was longer than 64 KiB. */
  cut: boolean;
  deploymentId: string | null;
  cursor: string;
  /** Where the container wrote it: which container between two restarts, when in nanoseconds, and which line of that very time. */
  origin?: { run: string; ns: bigint; ordinal: number };
}

/** Lines of one 25 to 50 ms. delivered + announced lost = produced. */
export interface LogBatch {
  lines: LogLine[];
  /** Lines that this reader lost because it was slow. */
  dropped: number;
  /** Lines are missing before this batch and their number cannot be known (the cluster no longer has them). */
  gap: boolean;
  /** Of the last line, or what `after` was. */
  cursor: string | null;
}

/** A compiled expression whose matching takes time in proportion to the text, whatever the expression. */
export interface LinePattern {
  readonly source: string;
  test(text: string): boolean;
}

/** Which lines are wanted: those for which all of it holds. */
export interface LogFilter {
  /** Held by the line as the container wrote it (colours aside), or by its message. */
  text?: string | undefined;
  regex?: LinePattern | undefined;
  /** This level or a worse one; a line without a level is left out. */
  level?: LogLevel | undefined;
  replica?: string | undefined;
  /** Throws BAD_REQUEST where the cluster cannot tell. */
  stream?: LogStream | undefined;
  deploymentId?: string | undefined;
}

/** From where on. `tail` counts lines of all replicas together; `after` is a cursor and wins over the others. */
export interface LogStart {
  tail?: number | undefined;
  since?: Date | undefined;
  after?: string | undefined;
  /** The previous container of each replica (after a restart). Only for `history`. */
  previous?: boolean | undefined;
}

/** What is looked for in the lines that are kept. */
export interface LogSearch {
  filter: LogFilter;
  since?: Date | undefined;
  until?: Date | undefined;
  /** At most so many lines. */
  first: number;
  /** `endCursor` of the page before. */
  after?: string | undefined;
  oldestFirst: boolean;
}

/** Lines of the history, and how far the search has come: a page may hold few lines, or none, and still not be the last. */
export interface LogPage {
  /** Each with the cursor behind which the next page would begin. */
  lines: { line: LogLine; cursor: string }[];
  hasNextPage: boolean;
  endCursor: string | null;
}

/** How much of a team's logs is kept. */
export interface LogStorage {
  lines: number;
  /** Of the text of the lines; `storedBytes` is what they take on disk. */
  bytes: number;
  storedBytes: number;
  oldestAt: Date | null;
  /** Lines that were let go to stay within `limitBytes` and `days`. */
  droppedLines: number;
  /** Lines that came faster than they could be kept. */
  lostLines: number;
  /** How often lines are missing of which nobody knows the number. */
  gaps: number;
  limitBytes: number;
  days: number;
}

/** Whose lines: the containers of one service, of one database, or of the step before one deployment's rollout. */
export type LogSource = { namespace: string } & ({ serviceId: string } | { databaseId: string } | { preDeployOf: string });

/**
 * Live lines of one source through one filter. A batch is one object, the same for every listener, so that what is made
 * of it can be shared; it holds no losses, for how much each listener can take is its own affair.
 */
export interface LogChannel {
  /** Hands over each batch in the turn in which it is made, until the answered function is called. The source is followed as long. */
  listen(listener: (batch: LogBatch) => void): () => void;
  /**
   * Reads what `from` asks for and gives it to `joined`, in the very turn from which on the batches of `listen` go on
   * behind it: without a gap, and without a line that comes twice. Call `listen` before. Throws as `follow` does.
   */
  begin(from: LogStart, signal: AbortSignal, joined: (past: LogBatch) => void): Promise<void>;
}

/** A backup as its engine's own programs read it. */
export interface BackupFile {
  /** Bytes of the content. */
  size: number;
  /** Throws ApexError UNAVAILABLE where it is not whole; ends anywhere once the signal aborts. */
  content: AsyncIterable<Buffer>;
}

/** All that resolvers may ask of the cluster. */
export interface Orchestrator {
  /** Queues a look at `key`, in the caller's transaction: it happens if, and only if, `tx` commits. */
  wake(tx: EntityManager, ...keys: readonly ReconcileKey[]): Promise<void>;
  cluster(): ClusterState;
  /** Live lines of all replicas, through rollouts and restarts, until `signal` aborts. Throws ApexError CLUSTER_REQUIRED. */
  follow(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): AsyncIterable<LogBatch>;
  /** The same for many who take what comes when it comes. Throws ApexError CLUSTER_REQUIRED. */
  channel(source: LogSource, filter: LogFilter): LogChannel;
  /** The lines that the cluster has now, oldest first. Throws ApexError CLUSTER_REQUIRED or BAD_REQUEST (bad cursor). */
  history(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): Promise<LogBatch>;
  /** Lines that outlived their containers. Needs no cluster. Throws ApexError BAD_REQUEST (bad cursor). */
  searchLogs(source: LogSource, search: LogSearch, signal: AbortSignal): Promise<LogPage>;
  logStorage(teamId: string): Promise<LogStorage>;
  /** The content of a backup that is DONE, read as it is taken. Needs no cluster. */
  backupFile(backup: Backup, signal: AbortSignal): BackupFile;
  /** What the image of a service that is built is called, after the registry that keeps such images now. */
  builtImage(teamId: string, serviceId: string): string;
  /** The address of a public service, e.g. `http://my-service.apex.localhost:8080`. */
  urlOf(host: string): string;
}

/** The sentence of the 503: which cluster is missing, and how far one that starts is. */
export function clusterSentence(state: ClusterState): string {
  switch (state.kind) {
    case 'ready':
      return `The Kubernetes cluster (${state.version}) is ready.`;
    case 'building':
      return `The cluster is being built, ${Math.round(state.percent)} %: ${state.message}`;
    case 'unreachable':
      return `The Kubernetes cluster has not been reachable since ${state.since.toISOString()}: ${state.message}`;
    case 'none':
      return 'No Kubernetes cluster is configured. Set KUBECONFIG, or start with "./apex up" and without "--no-cluster".';
  }
}

/** Throws CLUSTER_REQUIRED unless the cluster is ready. */
export function requireCluster(state: ClusterState): void {
  if (state.kind !== 'ready') throw clusterRequired(clusterSentence(state));
}
