import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';

export interface GraphqlClient {
  /** Runs a query or mutation; throws with the errors of the answer. */
  run<T = any>(query: string, variables?: Record<string, unknown>): Promise<T>;
  /** Each event of a subscription over WebSocket. */
  subscribe<T = any>(query: string, variables?: Record<string, unknown>): AsyncIterableIterator<T>;
  close(): Promise<void>;
}

/** Speaks GraphQL over HTTP and graphql-transport-ws, as the dashboard does. */
export function graphqlClient(url: string, token: string): GraphqlClient {
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
      if (answer.errors) throw new Error(JSON.stringify(answer.errors));
      return answer.data;
    },
    async *subscribe(query, variables) {
      for await (const event of sockets.iterate<any>({ query, ...(variables ? { variables } : {}) })) {
        if (event.errors) throw new Error(JSON.stringify(event.errors));
        yield event.data;
      }
    },
    close: async () => sockets.dispose(),
  };
}
