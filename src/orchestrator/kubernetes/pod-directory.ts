import { sourceKeyOfPod } from '../logs/log-source-pods.js';
import type { KubeObject } from './kinds.js';

type Listener = (pod: KubeObject, gone: boolean) => void;

/** Tells who is interested in a source of logs of changes of its pods, as the watcher sees them. */
export class PodDirectory {
  readonly #listeners = new Map<string, Set<Listener>>();

  onChange(source: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(source) ?? new Set();
    this.#listeners.set(source, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(source) === listeners) this.#listeners.delete(source);
    };
  }

  tell(pod: KubeObject, gone: boolean): void {
    const source = sourceKeyOfPod(pod);
    for (const listener of (source && this.#listeners.get(source)) || []) listener(pod, gone);
  }
}
