import { ListWatch, Watch, type KubernetesObject } from '@kubernetes/client-node';
import type { Logger } from '../../logger.js';
import { collectionPath, type Kind, type KubeObject } from './kinds.js';
import type { KubeClient } from './kube-client.js';
import { LABELS } from './labels.js';
import type { PodDirectory } from './pod-directory.js';

const WATCHED: readonly Kind[] = [
  'Namespace', 'ResourceQuota', 'LimitRange', 'NetworkPolicy', 'Secret', 'Service', 'Deployment', 'Job', 'Pod', 'Ingress', 'PodDisruptionBudget', 'StatefulSet', 'PersistentVolumeClaim',
];
const RESTART_MS = [250, 500, 1_000, 2_000, 5_000, 10_000] as const;
/** A burst of events about one key (a rollout has dozens) is one wake-up. */
const COLLECT_MS = 50;
const SEND_AGAIN_MS = 1_000;

/**
 * Watches this installation's objects and turns whatever happens into "look at this key": nothing is decided here.
 * It restarts by itself, and after each restart every object that changed in the meantime is reported.
 */
export class Watcher {
  readonly #pending = new Set<string>();
  readonly #stopped = new AbortController();
  readonly #informers: Informer[] = [];
  #flush: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: KubeClient,
    private readonly selector: string,
    private readonly send: (keys: string[]) => Promise<void>,
    private readonly pods: PodDirectory,
    private readonly logger: Logger,
  ) {}

  start(): void {
    for (const kind of WATCHED) {
      const informer = new Informer(this.client, kind, this.selector, (object, gone) => this.#seen(kind, object, gone), this.#stopped.signal, this.logger);
      this.#informers.push(informer);
      informer.start();
    }
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#flush);
    for (const informer of this.#informers) informer.stop();
  }

  #seen(kind: Kind, object: KubeObject, gone: boolean): void {
    if (kind === 'Pod') this.pods.tell(object, gone);
    const labels = object.metadata.labels ?? {};
    const service = labels[LABELS.service];
    const database = labels[LABELS.database];
    const environment = labels[LABELS.environment];
    if (service) this.#pending.add(`service/${service}`);
    else if (database) this.#pending.add(`database/${database}`);
    else if (environment) this.#pending.add(`environment/${environment}`);
    this.#sendSoon(COLLECT_MS);
  }

  #sendSoon(ms: number): void {
    if (this.#stopped.signal.aborted || this.#flush) return;
    this.#flush = setTimeout(() => {
      this.#flush = undefined;
      const keys = [...this.#pending];
      this.#pending.clear();
      this.send(keys).catch((error: unknown) => {
        this.logger.warn({ err: error, keys: keys.length }, 'wake-ups could not be sent and are kept');
        keys.forEach((key) => this.#pending.add(key));
        this.#sendSoon(SEND_AGAIN_MS);
      });
    }, ms);
  }
}

/** One kind. The library's informer gives up after most errors; this one begins again. */
class Informer {
  readonly #inner: ListWatch<KubernetesObject>;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    client: KubeClient,
    private readonly kind: Kind,
    selector: string,
    seen: (object: KubeObject, gone: boolean) => void,
    private readonly stopped: AbortSignal,
    private readonly logger: Logger,
  ) {
    const list = async (): Promise<{ items: KubeObject[]; metadata: { resourceVersion: string } }> => {
      const found = await client.list<KubeObject>(kind, selector, undefined, stopped);
      this.#attempt = 0;
      return found;
    };
    this.#inner = new ListWatch<KubernetesObject>(collectionPath(kind), new Watch(client.kubeConfig), list as never, false, selector);
    for (const verb of ['add', 'update', 'delete'] as const) this.#inner.on(verb, (object) => seen(object as unknown as KubeObject, verb === 'delete'));
    this.#inner.on('error', (error: unknown) => this.#failed(error));
  }

  start(): void {
    this.#inner.start().then(
      // A stop during the first list still opens its watch.
      () => this.stopped.aborted && this.stop(),
      (error: unknown) => this.#failed(error),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#inner.stop().catch(() => undefined);
  }

  #failed(error: unknown): void {
    if (this.stopped.aborted || this.#timer) return;
    const wait = RESTART_MS[Math.min(this.#attempt++, RESTART_MS.length - 1)] ?? 0;
    this.logger.debug({ err: error, kind: this.kind }, 'a watch ended and is begun again');
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.start();
    }, wait);
  }
}
