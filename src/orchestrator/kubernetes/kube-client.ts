import { HttpMethod, RequestContext, type KubeConfig } from '@kubernetes/client-node';
import { Agent, fetch, type Dispatcher } from 'undici';
import { collectionPath, KINDS, objectPath, type Kind, type KubeObject } from './kinds.js';
import { KubeError } from './kube-error.js';

const DEADLINE_MS = 10_000;
const PAGE = 500;
export const FIELD_MANAGER = 'apex';

export interface CallOptions {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  contentType?: string;
  deadlineMs?: number;
  signal?: AbortSignal | undefined;
}

/** Told of each call that ended, for the metrics. */
export type ObserveCall = (call: { method: string; kind: string; status: number; seconds: number }) => void;

/**
 * Calls to one cluster with one pool of connections. Every call has a deadline and can be cancelled.
 * Objects are plain JSON as the API server sends them.
 */
export class KubeClient {
  readonly #dispatchers = new Map<string, Dispatcher>();

  constructor(
    readonly kubeConfig: KubeConfig,
    private readonly userAgent: string,
    private readonly observe: ObserveCall = () => undefined,
  ) {
    shareDispatcher(kubeConfig, this.#dispatchers);
  }

  get server(): string {
    return this.kubeConfig.getCurrentCluster()?.server ?? '';
  }

  async get<T = KubeObject>(kind: Kind, name: string, namespace?: string, signal?: AbortSignal): Promise<T> {
    return this.call<T>('GET', objectPath(kind, name, namespace), kind, { signal });
  }

  /** All objects of a kind that carry the labels, page by page. */
  async list<T = KubeObject>(kind: Kind, labelSelector: string, namespace?: string, signal?: AbortSignal): Promise<{ items: T[]; metadata: { resourceVersion: string } }> {
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const page = await this.call<{ items: T[]; metadata: { resourceVersion: string; continue?: string } }>('GET', collectionPath(kind, namespace), kind, {
        query: { labelSelector: labelSelector || undefined, limit: PAGE, continue: next },
        signal,
        deadlineMs: 30_000,
      });
      // The items of a list do not say what they are.
      for (const item of page.items) items.push({ ...item, apiVersion: KINDS[kind].apiVersion, kind });
      next = page.metadata.continue || undefined;
      if (!next) return { items, metadata: { resourceVersion: page.metadata.resourceVersion } };
    }
  }

  /** Server-side apply as our one field manager; what we own is forced to our value. */
  async apply<T = KubeObject>(object: KubeObject, signal?: AbortSignal): Promise<T> {
    return this.call<T>('PATCH', objectPath(object.kind, object.metadata.name, object.metadata.namespace), object.kind, {
      query: { fieldManager: FIELD_MANAGER, force: 'true' },
      body: object,
      contentType: 'application/apply-patch+yaml',
      signal,
    });
  }

  /** Deletes exactly the object that was seen, with what it owns; one that is gone already counts as deleted. */
  async remove(object: KubeObject, signal?: AbortSignal): Promise<void> {
    const { name, namespace, uid } = object.metadata;
    const preconditions = uid ? { preconditions: { uid } } : {};
    await this.call('DELETE', objectPath(object.kind, name, namespace), object.kind, {
      body: { propagationPolicy: 'Background', ...preconditions },
      signal,
    }).catch((error: unknown) => {
      if (!(error instanceof KubeError && (error.status === 404 || error.status === 409))) throw error;
    });
  }

  /** One call, its answer read as JSON. */
  async call<T>(method: string, path: string, kind: string, options: CallOptions = {}): Promise<T> {
    const deadline = AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS);
    const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
    const response = await this.#send(method, path, kind, options, signal);
    return (await response.json()) as T;
  }

  /** A body that is read as it comes, until `signal` aborts. The deadline holds for the answer's head only. */
  async stream(path: string, kind: string, query: CallOptions['query'], signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const head = new AbortController();
    const late = setTimeout(() => head.abort(new Error('The API server did not answer in time')), DEADLINE_MS);
    try {
      const response = await this.#send('GET', path, kind, { ...(query ? { query } : {}) }, AbortSignal.any([signal, head.signal]));
      return response.body as ReadableStream<Uint8Array>;
    } finally {
      clearTimeout(late);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    this.#dispatchers.clear();
  }

  async #send(method: string, path: string, kind: string, options: CallOptions, signal: AbortSignal) {
    const url = new URL(this.server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(options.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
    const context = new RequestContext(url.toString(), HttpMethod.GET);
    await this.kubeConfig.applySecurityAuthentication(context);
    const headers: Record<string, string> = { ...context.getHeaders(), accept: 'application/json', 'user-agent': this.userAgent };
    if (options.body !== undefined) headers['content-type'] = options.contentType ?? 'application/json';
    const dispatcher = context.getDispatcher() as Dispatcher | undefined;
    const began = performance.now();
    let status = 0;
    try {
      const response = await fetch(url, {
        method,
        headers,
        signal,
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(dispatcher ? { dispatcher } : {}),
      });
      status = response.status;
      if (response.ok) return response;
      throw KubeError.from(response.status, await response.text(), `${method} ${path}`, response.headers.get('retry-after'));
    } finally {
      this.observe({ method, kind, status, seconds: (performance.now() - began) / 1000 });
    }
  }
}

interface DispatcherOptions {
  type: string;
  connect?: object;
}
type WithDispatcher = {
  createDispatcher(cluster: unknown, options: Record<string, unknown>): Dispatcher | undefined;
  createDispatcherOptions(cluster: unknown, options: Record<string, unknown>): DispatcherOptions;
};

/** The library makes a pool for each call. One for each set of credentials is enough, and a quiet log must not be cut after 300 s. */
function shareDispatcher(kubeConfig: KubeConfig, pools: Map<string, Dispatcher>): void {
  const config = kubeConfig as unknown as WithDispatcher;
  const make = config.createDispatcher.bind(kubeConfig);
  config.createDispatcher = (cluster, options) => {
    const key = JSON.stringify(options);
    const known = pools.get(key);
    if (known) return known;
    const { type, connect } = config.createDispatcherOptions(cluster, options);
    const pool = type === 'agent' ? new Agent({ ...(connect ? { connect } : {}), bodyTimeout: 0, headersTimeout: 60_000 }) : make(cluster, options);
    if (pool) pools.set(key, pool);
    return pool;
  };
}
