import { LABELS } from './labels.js';
import type { KubeObject } from './kinds.js';

type Listener = (pod: KubeObject, gone: boolean) => void;

/** Tells who is interested in a service of changes of its pods, as the watcher sees them. */
export class PodDirectory {
  readonly #listeners = new Map<string, Set<Listener>>();

  onChange(serviceId: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(serviceId) ?? new Set();
    this.#listeners.set(serviceId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(serviceId) === listeners) this.#listeners.delete(serviceId);
    };
  }

  tell(pod: KubeObject, gone: boolean): void {
    const serviceId = pod.metadata.labels?.[LABELS.service];
    for (const listener of (serviceId && this.#listeners.get(serviceId)) || []) listener(pod, gone);
  }
}
