import type { RequestContext } from '../context.js';
import type { OperationRunner } from '../operation.js';
import { at } from './answer.js';
import type { ServedRoute } from './route-table.js';

/**
 * Waits until the row's answer has come to its end, for at most so many seconds or until the client has left.
 * False when it was at its end from the start, so that there is nothing newer to read.
 */
export async function untilDone(operations: OperationRunner, context: RequestContext, route: ServedRoute, params: Record<string, string>, now: unknown, seconds: number): Promise<boolean> {
  const { wait } = route;
  if (!wait || wait.done.has(stateOf(now))) return false;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(seconds * 1000)]);
  const variables = Object.fromEntries(Object.entries(wait.params).map(([name, variable]) => [variable, params[name]]));
  const events = await operations.subscribe({ document: wait.operation, variables }, withSignal(context, signal));
  if (!(Symbol.asyncIterator in events)) return true;
  for await (const { data, errors } of events) {
    if (errors || wait.done.has(String(at(data, wait.state)))) break;
  }
  return true;
}

const stateOf = (answer: unknown): string => String((answer as { state?: unknown } | null)?.state);
/** The same context with another end. */
export const withSignal = (context: RequestContext, signal: AbortSignal): RequestContext => Object.create(context, { signal: { value: signal } }) as RequestContext;
