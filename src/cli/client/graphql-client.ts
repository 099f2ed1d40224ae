import { print, type DocumentNode } from 'graphql';
import { createClient, NetworkError } from 'graphql-sse';
import { z } from 'zod';
import { Problem, messageOf } from '../problem.js';
import type { Session } from './session.js';

const DEADLINE_MS = 30_000;
const ERROR = z.object({ message: z.string(), extensions: z.object({ faults: z.array(z.object({ path: z.string(), message: z.string() })).optional() }).optional() });
const ANSWER = z.object({ data: z.unknown(), errors: z.array(ERROR).optional() });

/** The server does not answer, or not as long as it should: it may do so again. */
export class Unreachable extends Problem {}

/** An operation with what it takes and what it answers. */
export interface Operation<Data, Variables> {
  readonly document: DocumentNode;
  /** Never set: holds the two types. */
  readonly types?: (variables: Variables) => Data;
}

/** Speaks GraphQL with the server, over HTTP and, for subscriptions, server-sent events. */
export class GraphqlClient {
  constructor(private readonly session: Session) {}

  /** Runs a query or a mutation. What the server refuses is a `Problem` in the server's words. */
  async run<Data, Variables>({ document }: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    const { url, token } = this.session;
    let body: unknown;
    try {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        body: JSON.stringify({ query: print(document), variables }),
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      body = await answer.json();
    } catch (error) {
      throw unreachable(url, error);
    }
    return accepted(body) as Data;
  }

  /** The events of a subscription, until it ends or the signal comes. A connection that breaks is made again so often, and the subscription then begins anew. */
  async *follow<Data, Variables>({ document }: Operation<Data, Variables>, variables: Variables, signal: AbortSignal, retryAttempts = 5): AsyncGenerator<Data> {
    const { url, token } = this.session;
    const client = createClient({ url: `${url}/graphql/stream`, headers: { authorization: `Bearer ${token}` }, retryAttempts });
    const events = client.iterate<Data>({ query: print(document), variables: variables as Record<string, unknown> });
    const stop = () => void events.return?.();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const event of events) yield accepted(event) as Data;
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof Problem ? error : unreachable(url, error);
    } finally {
      signal.removeEventListener('abort', stop);
      client.dispose();
    }
  }
}

function accepted(body: unknown): unknown {
  const answer = ANSWER.safeParse(body).data;
  if (!answer) throw new Problem('The server answered something that is not GraphQL: look at whether APEX_URL is its address.');
  const [error] = answer.errors ?? [];
  if (!error) return answer.data;
  const faults = error.extensions?.faults ?? [];
  throw new Problem([error.message, ...faults.map(({ path, message }) => `  ${path}: ${message}`)].join('\n'));
}

function unreachable(url: string, error: unknown): Problem {
  const { status = 0 } = (error instanceof NetworkError && error.response) || {};
  if (status >= 400 && status < 500) return new Problem(`${url} refuses the stream with ${status}.`);
  const cause = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
  return new Unreachable(`${url} does not answer (${cause}): look at "./apex status", and start it with "./apex up".`);
}
