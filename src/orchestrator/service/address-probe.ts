import { Agent, request, type Dispatcher } from 'undici';

const DEADLINE_MS = 3_000;
/** How the embedded node's ingress marks answers of its own. */
const INGRESS_ANSWER = 'x-apex-ingress';
const GATEWAY_FAULTS = new Set([502, 503, 504]);

/** Where public addresses are served: scheme and port for the URL, and what to connect to. */
export interface Ingress {
  url: URL;
  connectTo: { host: string; port: number };
}

/** Tries a public address as a visitor would: any answer of the app counts, the ingress' own does not. */
export class AddressProbe {
  readonly #agent = new Agent({ connect: { timeout: DEADLINE_MS, rejectUnauthorized: false }, pipelining: 0 });

  constructor(private readonly ingress: () => Ingress | null) {}

  /** Where the way in is not known from here, the cluster's word that the pods are ready has to do. */
  async answers(host: string, signal: AbortSignal): Promise<boolean> {
    const ingress = this.ingress();
    if (!ingress) return true;
    const { host: address, port } = ingress.connectTo;
    try {
      const response: Dispatcher.ResponseData = await request(`${ingress.url.protocol}//${address}:${port}/`, {
        dispatcher: this.#agent,
        headers: { host: authority(host, ingress.url), 'user-agent': 'apex-probe', accept: '*/*' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
      });
      response.body.on('error', () => undefined).destroy();
      return response.headers[INGRESS_ANSWER] === undefined && !GATEWAY_FAULTS.has(response.statusCode);
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

const authority = (host: string, url: URL): string => (url.port ? `${host}:${url.port}` : host);
