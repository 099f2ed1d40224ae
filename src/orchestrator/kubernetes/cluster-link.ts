import type { Logger } from '../../logger.js';
import type { ClusterView } from '../cluster-state.js';
import { readCredentials, type ClusterSource } from './cluster-source.js';
import { readEmbeddedNode } from './embedded-node.js';
import { KubeClient, type ObserveCall } from './kube-client.js';
import { KubeError } from './kube-error.js';

const PROBE_EVERY_MS = 2_000;
const PROBE_DEADLINE_MS = 4_000;
/** A slow answer may be a busy machine; this many in a row are not. */
const LATE_ANSWERS = 2;

/**
 * Keeps the client of the cluster and what is known of its health. It probes for as long as it runs, so `ClusterView`
 * is a value in memory; new credentials make a new client.
 */
export class ClusterLink {
  #client: KubeClient | undefined;
  #credentials = '';
  #late = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #probing: Promise<void> | undefined;

  constructor(
    private readonly source: ClusterSource,
    private readonly view: ClusterView,
    private readonly userAgent: string,
    private readonly logger: Logger,
    private readonly observe?: ObserveCall,
  ) {}

  /** The client, while there are credentials; the cluster may still be unreachable. */
  get client(): KubeClient | undefined {
    return this.#client;
  }

  /** Probes once, then again and again. */
  async start(): Promise<void> {
    if (this.source.kind !== 'none') await this.#round();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#probing;
    await this.#client?.close();
  }

  async #round(): Promise<void> {
    this.#probing = this.#probe();
    await this.#probing;
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#round(), PROBE_EVERY_MS);
  }

  async #probe(): Promise<void> {
    try {
      if (!this.#embeddedNodeServes()) return;
      await this.#readCredentials();
      const version = await this.#client?.call<{ gitVersion: string }>('GET', '/version', 'version', { deadlineMs: PROBE_DEADLINE_MS });
      this.#late = 0;
      this.view.set({ kind: 'ready', version: version?.gitVersion ?? 'unknown' });
    } catch (error) {
      const slow = error instanceof DOMException && error.name === 'TimeoutError';
      if (slow && ++this.#late < LATE_ANSWERS && this.view.state.kind === 'ready') return;
      this.#unreachable(describe(error));
    }
  }

  /** Says how far a node is that does not serve yet. */
  #embeddedNodeServes(): boolean {
    if (this.source.kind !== 'embedded') return true;
    const node = readEmbeddedNode(this.source.folder);
    if (node.state === 'ready') return true;
    if (node.state === 'building' || node.state === 'starting' || node.state === 'absent') this.view.set({ kind: 'building', percent: node.percent, message: node.message });
    else this.#unreachable(node.message);
    return false;
  }

  async #readCredentials(): Promise<void> {
    if (this.source.kind === 'none') return;
    const { text, load } = readCredentials(this.source);
    if (text === this.#credentials && this.#client) return;
    const before = this.#client;
    // Whoever watches with the old credentials has to begin anew.
    if (before) this.view.set({ kind: 'unreachable', message: 'its credentials have changed.' });
    this.#client = new KubeClient(load(), this.userAgent, this.observe);
    this.#credentials = text;
    await before?.close();
  }

  #unreachable(message: string): void {
    if (this.view.state.kind !== 'unreachable') this.logger.warn({ reason: message }, 'the cluster is not reachable');
    this.view.set({ kind: 'unreachable', message });
  }
}

/** A sentence without addresses of ours or credentials. */
function describe(error: unknown): string {
  if (error instanceof KubeError) return `its API server answers ${error.status}.`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: string } | undefined)?.code;
  if (code === 'ECONNREFUSED') return 'its API server refuses connections.';
  if (code === 'ENOENT') return 'its kubeconfig does not exist.';
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'its API server does not answer in time.';
  return code ? `it cannot be reached (${code}).` : 'it cannot be reached.';
}
