import { createSourceEventStream, execute, GraphQLError, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { RequestContext } from './context.js';
import { ApexError, badRequest } from './errors.js';
import type { OnceRunner, OperationRequest, OperationRunner, SharedResults } from './operation.js';
import { SharedEvents } from './resolvers/subscription/shared-events.js';
import { invalid } from './schema/check-input.js';
import { CompiledOperations } from './schema/compiled-operations.js';
import { operationOf } from './schema/document-limits.js';
import { apexErrorOf, graphqlErrorOf, maskedError, type Asker } from './schema/masked-errors.js';
import { variableFaults } from './schema/variable-faults.js';
import { inTime } from './server/in-time.js';
import { ResultSharing } from './server/result-sharing.js';

/** An answer begins within 15 s; the look at the token before it has its own part of them. */
const DEADLINE_MS = 11_000;

/**
 * The one pipeline behind every door, Apollo's included: exact variables, execution (where the schema asks permission of
 * each field), masking of errors. Documents arrive here validated; the doors differ only in how they got them.
 */
export class SchemaOperations implements OperationRunner {
  private readonly compiled: CompiledOperations;
  private readonly sharing = new ResultSharing();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly once?: OnceRunner,
  ) {
    this.compiled = new CompiledOperations(schema);
  }

  /** Compiles a door's own document at boot. */
  prepare(document: DocumentNode): void {
    this.compiled.prepare(document);
  }

  async run<T>(request: OperationRequest, context: RequestContext): Promise<ExecutionResult<T>> {
    try {
      const run = (within: RequestContext): Promise<ExecutionResult> => this.execute(request, within);
      const work = this.once && context.idempotencyKey !== undefined ? this.once(request, context, run) : run(context);
      return (await inTime(work, DEADLINE_MS)) as ExecutionResult<T>;
    } catch (error) {
      return failed(error, context);
    }
  }

  async subscribe<T>(request: OperationRequest, context: RequestContext): Promise<AsyncIterable<ExecutionResult<T>> | SharedResults | ExecutionResult<T>> {
    try {
      const refused = this.refusal(request, context);
      if (refused) return refused;
      const { document, operationName, variables } = request;
      const events = await createSourceEventStream({ schema: this.schema, document, operationName, variableValues: variables, contextValue: context });
      if (!(Symbol.asyncIterator in events)) return masked(events, context) as ExecutionResult<T>;
      const resultOf = async (event: unknown): Promise<ExecutionResult> =>
        masked(await execute({ schema: this.schema, document, operationName, variableValues: variables, contextValue: context, rootValue: event }), context);
      if (events instanceof SharedEvents) return this.sharing.share(request, context, events, { resultOf, failed: (reason, requestId) => failed(reason, { requestId, logger: context.logger }) });
      return resultsOf(events, resultOf, context) as AsyncIterable<ExecutionResult<T>>;
    } catch (error) {
      return failed(error, context);
    }
  }

  private async execute(request: OperationRequest, context: RequestContext): Promise<ExecutionResult> {
    const refused = this.refusal(request, context);
    if (refused) return refused;
    return masked(await this.compiled.execute(request.document, request.operationName, context, request.variables), context);
  }

  private refusal(request: OperationRequest, context: RequestContext): ExecutionResult<never> | null {
    const operation = operationOf(request.document, request.operationName);
    if (!operation) return failed(badRequest('The document has no operation of that name, or several and none was named.'), context);
    if (!operation.variableDefinitions?.length) return null;
    const faults = variableFaults(this.schema, operation, request.variables, context.door === 'rest');
    return faults.length > 0 ? failed(invalid(faults), context) : null;
  }
}

const failed = (error: unknown, context: Asker): ExecutionResult<never> => ({
  errors: [graphqlErrorOf(error instanceof ApexError ? error : apexErrorOf(error, context), context.requestId)],
});

function masked(result: ExecutionResult, context: RequestContext): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => maskedError(error, context)) };
}

/** One result for each event. The source is returned to when the reader leaves, so that resolvers can let go of what they hold. */
async function* resultsOf(events: AsyncIterable<unknown>, resultOf: (event: unknown) => Promise<ExecutionResult>, context: RequestContext): AsyncGenerator<ExecutionResult> {
  const source = events[Symbol.asyncIterator]();
  const leave = (): void => void source.return?.(undefined).catch(() => undefined);
  context.signal.addEventListener('abort', leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await source.next();
      if (done || context.signal.aborted) return;
      yield await resultOf(value);
    }
  } catch (error) {
    if (!context.signal.aborted) yield failed(error instanceof GraphQLError ? (error.originalError ?? error) : error, context);
  } finally {
    context.signal.removeEventListener('abort', leave);
    await source.return?.(undefined);
  }
}
