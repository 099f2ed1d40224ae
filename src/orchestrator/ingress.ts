import type { Config } from '../config.js';
import { readEmbeddedNode } from './kubernetes/embedded-node.js';
import type { ClusterSource } from './kubernetes/cluster-source.js';
import type { Ingress } from './service/address-probe.js';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** The way in to public services: as configured, else as the embedded node says, else unknown. */
export function locateIngress(config: Pick<Config, 'APEX_INGRESS_URL'>, source: ClusterSource): Ingress | null {
  if (config.APEX_INGRESS_URL) return reach(new URL(config.APEX_INGRESS_URL));
  if (source.kind !== 'embedded') return null;
  const { ingressAddress, ingressPort } = readEmbeddedNode(source.folder);
  return ingressAddress && ingressPort ? reach(new URL(`http://${ingressAddress}:${ingressPort}`)) : null;
}

function reach(url: URL): Ingress {
  return { url, connectTo: { host: url.hostname, port: Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 80) } };
}

/** The address of a host name that leads to a service. */
export function addressOf(host: string, ingress: Ingress | null): string {
  if (!ingress) return `http://${host}`;
  return `${ingress.url.protocol}//${host}${ingress.url.port ? `:${ingress.url.port}` : ''}`;
}
