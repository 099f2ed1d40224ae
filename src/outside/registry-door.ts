import { rootCertificates } from 'node:tls';
import { Agent, fetch, type Dispatcher } from 'undici';
import type { RegistryLogin } from './image-registry.js';
import { authorizationFor } from './registry-access.js';
import { registryToken, type RegistryAction } from './registry-token.js';

const TOKEN_SECONDS = 600;
const TOKEN_MS = 10_000;
const CONNECT_MS = 10_000;
const MOST_KNOWN = 200;

export interface RegistryAsk {
  repository: string;
  actions: readonly RegistryAction[];
}

/** A registry of the operator's, and how this server comes into it. */
export interface RegistryDoor {
  readonly base: URL;
  readonly dispatcher?: Dispatcher;
  /** What is said with a request, before anything was asked; null: nothing. */
  authorization(ask: RegistryAsk): string | null;
  /** What to say after a 401 with this `WWW-Authenticate`; null: nothing else. */
  answer(challenge: string | null, ask: RegistryAsk, signal: AbortSignal): Promise<string | null>;
}

/** The embedded node's registry: the server signs its tokens itself, each for one repository. `key`: PEM, null where the registry has no door yet. */
export const signedDoor = (base: URL, key: string | null): RegistryDoor => ({
  base,
  authorization: (ask) => key && `Bearer ${registryToken(key, { subject: 'apex', ...ask, seconds: TOKEN_SECONDS })}`,
  answer: async () => null,
});

/** A registry with a user name and a password (read at each use), directly or against a token of the registry's own. */
export class PasswordDoor implements RegistryDoor {
  readonly dispatcher: Agent;
  readonly #known = new Map<string, string>();

  /** `ca`: PEM of authorities that sign its certificate, beside the usual ones. */
  constructor(
    readonly base: URL,
    private readonly login: () => RegistryLogin | null,
    ca: string | null = null,
  ) {
    this.dispatcher = new Agent({ connect: { timeout: CONNECT_MS, ...(ca !== null && { ca: [...rootCertificates, ca] }) } });
  }

  authorization(ask: RegistryAsk): string | null {
    return this.#known.get(keyOf(ask)) ?? null;
  }

  async answer(challenge: string | null, ask: RegistryAsk, signal: AbortSignal): Promise<string | null> {
    const given = await authorizationFor(challenge, {
      ...ask,
      login: this.login(),
      get: (url, headers) => fetch(url, { headers, redirect: 'error', dispatcher: this.dispatcher, signal: AbortSignal.any([signal, AbortSignal.timeout(TOKEN_MS)]) }),
      isSafe: (url) => url.protocol === 'https:' || url.host === this.base.host,
    });
    // The same once more would be refused once more.
    if (given === null || given === this.#known.get(keyOf(ask))) {
      this.#known.delete(keyOf(ask));
      return null;
    }
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(keyOf(ask), given);
    return given;
  }

  close(): Promise<void> {
    return this.dispatcher.destroy();
  }
}

const keyOf = ({ repository, actions }: RegistryAsk): string => `${repository} ${actions.join()}`;
