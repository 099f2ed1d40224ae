import type { Environment } from '../../entities/environment.js';
import type { TeamQuota } from '../../entities/team-quota.js';
import type { ClusterAccess } from '../cluster-access.js';
import { applyIfDifferent } from '../kubernetes/applied.js';
import { objectPath, type KubeObject } from '../kubernetes/kinds.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { isNotFound } from '../kubernetes/kube-error.js';
import { environmentManifests } from './environment-manifests.js';
import { guardedAddresses } from './guarded-addresses.js';

const ADDRESSES_KEPT_MS = 60_000;

/** Makes an environment's namespace, and what holds its tenants in, as they should be. */
export class EnvironmentKeeper {
  /** Environments that were found right and of which the watcher has reported nothing since. */
  readonly #right = new Set<string>();
  #addresses: { at: number; of: KubeClient; list: string[] } | undefined;

  constructor(
    private readonly cluster: ClusterAccess,
    private readonly installationId: string,
    private readonly embedded: boolean,
    /** The limits of a team as they are now. */
    private readonly quota: (teamId: string) => Promise<TeamQuota>,
    private readonly openNetworks: readonly string[],
  ) {}

  /** Returns at once for an environment that is known to be right. `beforeCreate` throws where this worker may make nothing any more. */
  async ensure(environment: Pick<Environment, 'id' | 'teamId' | 'namespace'>, signal: AbortSignal, beforeCreate: () => Promise<void>): Promise<void> {
    if (this.#right.has(environment.id)) return;
    this.#right.add(environment.id);
    try {
      const client = this.cluster();
      const facts = { environment, installationId: this.installationId, openNetworks: this.openNetworks, quota: await this.quota(environment.teamId), guardedAddresses: await this.guardedAddresses(client, signal) };
      for (const manifest of environmentManifests(facts)) await applyIfDifferent(client, manifest, await read(client, manifest, signal), signal, beforeCreate);
    } catch (error) {
      this.#right.delete(environment.id);
      throw error;
    }
  }

  /** Something happened to it: the next `ensure` looks again. */
  forget(environmentId: string): void {
    this.#right.delete(environmentId);
  }

  forgetAll(): void {
    this.#right.clear();
    this.#addresses = undefined;
  }

  /** Addresses that no tenant's pod may reach, as they were up to a minute ago. */
  async guardedAddresses(client: KubeClient, signal?: AbortSignal): Promise<string[]> {
    const known = this.#addresses;
    if (known && known.of === client && performance.now() - known.at < ADDRESSES_KEPT_MS) return known.list;
    const list = await guardedAddresses(client, this.embedded, signal);
    this.#addresses = { at: performance.now(), of: client, list };
    return list;
  }
}

async function read(client: KubeClient, { kind, metadata }: KubeObject, signal?: AbortSignal): Promise<KubeObject | undefined> {
  try {
    return await client.call<KubeObject>('GET', objectPath(kind, metadata.name, metadata.namespace), kind, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
