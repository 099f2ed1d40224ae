import { parse, type DocumentNode } from 'graphql';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/**
 * One endpoint as data. A place is a variable of the operation, or a field in one (`filter.replica`).
 * Everything that is not said here (types, rules, what is required) comes from the schema through the operation's shape.
 */
export interface Route {
  method: Method;
  /** `/api/services/:id`. */
  path: string;
  summary: string;
  tag: string;
  /** The one GraphQL operation that it is. */
  operation: DocumentNode;
  /** Parameter of the path to place. */
  params?: Readonly<Record<string, string>>;
  /** Parameter of the query to place. */
  query?: Readonly<Record<string, string>>;
  /** The variable that the whole body is, or a place for each of its keys. Without it the body must be empty. */
  body?: string | Readonly<Record<string, string>>;
  /** Where in `data` the answer is. */
  answer: readonly string[];
  /** Fields of the answer (of each item of a list) that stand for one field of theirs: `{ environment: 'name' }`. */
  flatten?: Readonly<Record<string, string>>;
  /** Where in `data` a list's `pageInfo` is: then `limit` and `cursor` are understood, and `Link` says where it goes on. */
  page?: { info: readonly string[]; limit: string; cursor: string };
  /** It asks for no token. */
  isPublic?: boolean;
  /** It also answers as NDJSON, page by page to the end; needs `page`. */
  ndjson?: boolean;
  /** It needs a cluster, so it may answer 503. */
  needsCluster?: boolean;
  /** `?wait=N`: answers when `isDone`, at the latest after N seconds. */
  wait?: { operation: DocumentNode; params: Readonly<Record<string, string>>; state: readonly string[]; done: ReadonlySet<string> };
  /** The answer is a file: its operation is a subscription to its parts, each with `fileName`, `size`, `bytes` in base64, and whether it is the `last`. */
  isFile?: boolean;
  /** `?follow=true`: a stream of batches of lines. */
  follow?: { operation: DocumentNode; batch: readonly string[]; without: readonly string[] };
}

/** Marks a GraphQL document in a row. It is validated and compiled at boot. */
export const gql = ([text, ...rest]: TemplateStringsArray, ...parts: string[]): DocumentNode =>
  parse(rest.reduce((document, piece, index) => document + (parts[index] ?? '') + piece, text ?? ''));
