import { networkInterfaces } from 'node:os';
import type { KubeObject } from '../kubernetes/kinds.js';
import { collectionPath } from '../kubernetes/kinds.js';
import type { KubeClient } from '../kubernetes/kube-client.js';

interface NodeObject extends KubeObject {
  status: { addresses?: { address: string }[] };
}
interface SliceObject extends KubeObject {
  endpoints?: { addresses?: string[] }[] | null;
}

/** Addresses of the nodes and of the API server, which pods have no business with; on the embedded node also this machine's own. */
export async function guardedAddresses(client: KubeClient, embedded: boolean, signal?: AbortSignal): Promise<string[]> {
  const [nodes, slices] = await Promise.all([
    client.list<NodeObject>('Node', '', undefined, signal),
    client.call<{ items: SliceObject[] }>('GET', collectionPath('EndpointSlice', 'default'), 'EndpointSlice', {
      query: { labelSelector: 'kubernetes.io/service-name=kubernetes' },
      signal,
    }),
  ]);
  return [
    ...nodes.items.flatMap((node) => node.status.addresses ?? []).map(({ address }) => address),
    ...slices.items.flatMap((slice) => slice.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
    ...(embedded ? ownAddresses() : []),
  ];
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
