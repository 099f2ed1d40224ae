import { cacheExchange, createClient, fetchExchange, mapExchange, type Client, type CombinedError } from 'urql';

const DEADLINE_MS = 30_000;

/** Queries and mutations; `signedOut` is called when the server says that there is no session (any more). */
export function createGraphqlClient(signedOut: () => void): Client {
  return createClient({
    url: '/graphql',
    preferGetMethod: false,
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.any([AbortSignal.timeout(DEADLINE_MS), ...(init?.signal ? [init.signal] : [])]) }),
    fetchOptions: { credentials: 'same-origin' },
    exchanges: [mapExchange({ onError: (error) => void (codeOf(error) === 'UNAUTHENTICATED' && signedOut()) }), cacheExchange, fetchExchange],
  });
}

/** The server's code of a refusal; null where the server was not reached. */
export function codeOf(error: CombinedError | undefined): string | null {
  const code = error?.graphQLErrors[0]?.extensions?.code;
  return typeof code === 'string' ? code : null;
}
