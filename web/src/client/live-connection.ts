import { createClient, type Client, type FormattedExecutionResult } from 'graphql-ws';
import { stringifyDocument, type TypedDocumentNode } from 'urql';

const RETRY_MS = [250, 500, 1_000, 2_000, 5_000] as const;
const UNAUTHORIZED = 4401;
const PING_MS = 12_000;
const PONG_WITHIN_MS = 8_000;
/** Refusals that come right by themselves: the server or the cluster is starting, or too much was asked for. */
const PASSING = new Set(['UNAVAILABLE', 'CLUSTER_REQUIRED', 'RATE_LIMITED', 'INTERNAL']);

/** What one reader of a subscription is told. */
export interface Reader<Data> {
  next(data: Data): void;
  /** The server does not do it, and will not later. */
  refused?(message: string): void;
  /** It does not do it now; it is asked again by itself. Null: it does again. */
  waiting?(why: string | null): void;
  ended?(): void;
}

export interface Wish<Data, Variables> {
  document: TypedDocumentNode<Data, Variables>;
  /** Asked anew for each time that the subscription begins, so that it can go on where it was. */
  variables: () => Variables;
  /** A subscription that the server ends has come to its end; else it is begun again. */
  ends: boolean;
}

/** Subscriptions over one socket, which is made again when it breaks. */
export class LiveConnection {
  readonly #client: Client;
  readonly #listeners = new Set<() => void>();
  #isCut = false;

  constructor(url: string, signedOut: () => void) {
    let overdue: ReturnType<typeof setTimeout> | undefined;
    this.#client = createClient({
      url,
      retryAttempts: Infinity,
      shouldRetry: () => true,
      retryWait: (retries) => pause(RETRY_MS[Math.min(retries, RETRY_MS.length - 1)] as number),
      lazyCloseTimeout: 1_000,
      keepAlive: PING_MS,
      on: {
        connected: () => this.#tell(false),
        closed: (event) => {
          clearTimeout(overdue);
          const { code } = event as { code: number };
          if (code === UNAUTHORIZED) signedOut();
          else if (code !== 1000) this.#tell(true);
        },
        // A socket whose other end is gone without a word (a laptop that slept) gives no other sign.
        ping: (received) => {
          if (!received) overdue = setTimeout(() => this.#client.terminate(), PONG_WITHIN_MS);
        },
        pong: (received) => {
          if (received) clearTimeout(overdue);
        },
      },
    });
  }

  /** Whether the socket broke and is not there again yet. */
  readonly isCut = (): boolean => this.#isCut;

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Follows until the answer is called, the server refuses, or what ends has ended. */
  follow<Data, Variables>({ document, variables, ends }: Wish<Data, Variables>, reader: Reader<Data>): () => void {
    let isOver = false;
    let stop: () => void = () => undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let attempt = 0;
    const again = (why: string | null): void => {
      if (why !== null) reader.waiting?.(why);
      timer = setTimeout(begin, RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)]);
    };
    const begin = (): void => {
      let refusal: { message: string; code: unknown } | undefined;
      // Whatever this one still says after another began is not listened to.
      let isThis = true;
      stop = this.#client.subscribe<Data>(payloadOf(document, variables), {
        next: (result) => {
          if (isOver || !isThis) return;
          refusal = refusalIn(result);
          if (refusal || !result.data) return;
          attempt = 0;
          reader.waiting?.(null);
          reader.next(result.data);
        },
        error: (error) => over(refusalIn({ errors: error as never }) ?? { message: 'The connection was lost.', code: 'UNAVAILABLE' }),
        complete: () => over(refusal),
      });
      const over = (why: typeof refusal): void => {
        if (isOver || !isThis) return;
        isThis = false;
        if (why && !PASSING.has(String(why.code))) {
          isOver = true;
          reader.refused?.(why.message);
        } else if (!why && ends) {
          isOver = true;
          reader.ended?.();
        } else again(why?.message ?? null);
      };
    };
    begin();
    return () => {
      isOver = true;
      clearTimeout(timer);
      stop();
    };
  }

  #tell(isCut: boolean): void {
    if (this.#isCut === isCut) return;
    this.#isCut = isCut;
    for (const listener of this.#listeners) listener();
  }
}

/** The socket's client writes it anew for each socket that it makes, and reads the variables as they are then. */
function payloadOf<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: () => Variables) {
  return {
    query: stringifyDocument(document as never),
    get variables() {
      return variables() as Record<string, unknown>;
    },
  };
}

function refusalIn({ errors }: Pick<FormattedExecutionResult, 'errors'>): { message: string; code: unknown } | undefined {
  if (!Array.isArray(errors)) return undefined;
  const [first] = errors;
  return first && { message: first.message, code: first.extensions?.code };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
