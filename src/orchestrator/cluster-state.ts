import type { ClusterState } from './port.js';

type WithoutSince<T> = T extends { since: Date } ? Omit<T, 'since'> : T;

/** The cluster as it was last seen: a value in memory. The health probe writes it, everybody reads it. */
export class ClusterView {
  #state: ClusterState;
  readonly #listeners = new Set<(state: ClusterState) => void>();

  constructor(first: WithoutSince<ClusterState>) {
    this.#state = withSince(first, new Date());
  }

  get state(): ClusterState {
    return this.#state;
  }

  /** Keeps `since` while the kind stays the same; listeners hear of a new kind only. */
  set(next: WithoutSince<ClusterState>): void {
    const before = this.#state;
    const since = before.kind === next.kind && before.kind !== 'none' ? before.since : new Date();
    this.#state = withSince(next, since);
    if (before.kind !== next.kind) for (const listener of this.#listeners) listener(this.#state);
  }

  onKind(listener: (state: ClusterState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const withSince = (state: WithoutSince<ClusterState>, since: Date): ClusterState =>
  state.kind === 'none' ? state : ({ ...state, since } as ClusterState);
