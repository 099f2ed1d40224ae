import type { DocumentNode, ExecutionResult } from 'graphql';
import type { RequestContext } from './context.js';

/** What a door wants done: one operation of the schema. */
export interface OperationRequest {
  document: DocumentNode;
  operationName?: string;
  variables: Record<string, unknown>;
}

/** How a door writes results of a stream: one object for all readers to whom they are written alike. */
export interface ResultEncoding {
  encode(result: ExecutionResult): Buffer;
}

/** One reader of a stream that others read too. */
export interface ResultReader {
  /** Bytes that were handed over and are not taken yet. */
  readonly buffered: number;
  write(encoded: Buffer): void;
  /** Nothing more will come. `last` says why, where it was refused. */
  end(last?: ExecutionResult): void;
}

/** Results that many readers have in common: each is worked out and encoded once. */
export interface SharedResults {
  /** Until the answered function is called, or the reader was told of its end. */
  deliver(reader: ResultReader, encoding: ResultEncoding): () => void;
}

/**
 * How a door runs an operation: through the same pipeline as `/graphql` (limits, permissions, masking of errors).
 * `run` is for queries and mutations, `subscribe` yields one result for each event and is ended by `context.signal`;
 * of a stream that many read it answers SharedResults, which the door ends.
 */
export interface OperationRunner {
  run<T = Record<string, unknown>>(request: OperationRequest, context: RequestContext): Promise<ExecutionResult<T>>;
  subscribe<T = Record<string, unknown>>(request: OperationRequest, context: RequestContext): Promise<AsyncIterable<ExecutionResult<T>> | SharedResults | ExecutionResult<T>>;
}

/** Runs an operation that carries an `idempotencyKey` once, and answers its repetitions with the first answer. */
export type OnceRunner = (request: OperationRequest, context: RequestContext, run: (context: RequestContext) => Promise<ExecutionResult>) => Promise<ExecutionResult>;

/** A JSON Schema (2020-12), as OpenAPI 3.1 uses it. */
export interface JsonSchema {
  [keyword: string]: unknown;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  /** Name of the schema's type, where it has one. */
  title?: string;
}

/** The shape of one operation, derived from the schema: what a door that knows no schema needs to read and to document. */
export interface OperationShape {
  /** Of each variable; one that has `required` must be given. */
  variables: Record<string, { schema: JsonSchema; required: boolean }>;
  /** Of `data`. */
  answer: JsonSchema;
}
