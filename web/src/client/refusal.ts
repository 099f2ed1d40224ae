import type { CombinedError } from 'urql';
import { codeOf } from './graphql-client.js';

/** A fault of an input, as the server names it. */
export interface Fault {
  path: string;
  message: string;
}

/** What a person reads when something did not work. */
export interface Refusal {
  message: string;
  faults: readonly Fault[];
}

/** In the server's own words where it answered. */
export function refusalOf(error: CombinedError): Refusal {
  const [first] = error.graphQLErrors;
  if (codeOf(error) === null || !first) return { message: 'The server cannot be reached, or is just starting. What you see may be old.', faults: [] };
  const faults = (first.extensions.faults as Fault[] | undefined) ?? [];
  return { message: first.message, faults: faults.map(({ path, message }) => ({ path: path.replace(/^input\./, ''), message })) };
}
