import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';

export interface GraphqlClient {
  /** Runs a query or mutation; throws with the errors of the answer. */
  run<T = any>(query: string, variables?: Record<string, unknown>): Promise<T>;
  /** Each event of a subscription over WebSocket. */
  subscribe<T = any>(query: string, variables?: Record<string, unknown>): AsyncIterableIterator<T>;
  close(): Promise<void>;
}

/** Speaks GraphQL over HTTP and graphql-transport-ws, as the dashboard does. With the server's log, a failure shows what the server wrote of it under its request id. */
export function graphqlClient(url: string, token: string, log?: () => string): GraphqlClient {
  const sockets: Client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  return {
    run: async (query, variables) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(30_000),
      });
      const answer = (await response.json()) as { data: any; errors?: unknown[] };
      if (answer.errors) throw failure(answer.errors, log);
      return answer.data;
    },
    async *subscribe(query, variables) {
      for await (const event of sockets.iterate<any>({ query, ...(variables ? { variables } : {}) })) {
        if (event.errors) throw failure(event.errors, log);
        yield event.data;
      }
    },
    close: async () => sockets.dispose(),
  };
}

function failure(errors: readonly unknown[], log: () => string = () => ''): Error {
  const ids = errors.flatMap((error) => (error as { extensions?: { requestId?: string } }).extensions?.requestId ?? []);
  const told = log().split('\n').filter((line) => ids.some((id) => line.includes(id)));
  return new Error([JSON.stringify(errors), ...told].join('\n'));
}
