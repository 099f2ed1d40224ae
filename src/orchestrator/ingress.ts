import type { Config } from '../config.js';
import { readEmbeddedNode } from './kubernetes/embedded-node.js';
import type { ClusterSource } from './kubernetes/cluster-source.js';
import type { Ingress } from './service/address-probe.js';

const KEPT_MS = 2_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** The way in to public services: as configured, else as the embedded node says, else unknown. */
export class IngressLocator {
  #known: { at: number; ingress: Ingress | null } | undefined;

  constructor(
    private readonly config: Pick<Config, 'APEX_INGRESS_URL'>,
    private readonly source: ClusterSource,
  ) {}

  /** Cheap enough for each row of a list: the node's file is read again after a while only. */
  current(): Ingress | null {
    const now = performance.now();
    if (!this.#known || now - this.#known.at > KEPT_MS) this.#known = { at: now, ingress: this.#locate() };
    return this.#known.ingress;
  }

  #locate(): Ingress | null {
    if (this.config.APEX_INGRESS_URL) return reach(new URL(this.config.APEX_INGRESS_URL));
    if (this.source.kind !== 'embedded') return null;
    const { ingressAddress, ingressPort } = readEmbeddedNode(this.source.folder);
    return ingressAddress && ingressPort ? reach(new URL(`http://${ingressAddress}:${ingressPort}`)) : null;
  }
}

function reach(url: URL): Ingress {
  return { url, connectTo: { host: url.hostname, port: Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 80) } };
}

/** The address of a host name that leads to a service. */
export function addressOf(host: string, ingress: Ingress | null): string {
  if (!ingress) return `http://${host}`;
  return `${ingress.url.protocol}//${host}${ingress.url.port ? `:${ingress.url.port}` : ''}`;
}
