import type { DocumentNode, ExecutionResult } from 'graphql';
import type { RequestContext } from './context.js';

/** What a door wants done: one operation of the schema. */
export interface OperationRequest {
  document: DocumentNode;
  operationName?: string;
  variables: Record<string, unknown>;
}

/**
 * How a door runs an operation: through the same pipeline as `/graphql` (limits, permissions, masking of errors).
 * `run` is for queries and mutations, `subscribe` yields one result for each event and is ended by `context.signal`.
 */
export interface OperationRunner {
  run<T>(request: OperationRequest, context: RequestContext): Promise<ExecutionResult<T>>;
  subscribe<T>(request: OperationRequest, context: RequestContext): Promise<AsyncIterable<ExecutionResult<T>> | ExecutionResult<T>>;
}
