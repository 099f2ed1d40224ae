import { randomUUID } from 'node:crypto';
import type { RequestContext } from '../context.js';
import { OperationContext, type ContextParts } from './operation-context.js';

/** A context for one run of a clock: of the system itself, through a door that nobody else has. */
export function clockContext(parts: ContextParts): { context: RequestContext; done: () => void } {
  const leaving: (() => void)[] = [];
  let isDone = false;
  const scope = { requestId: randomUUID(), ip: 'this server' };
  const onLeave = (left: () => void): void => (isDone ? left() : void leaving.push(left));
  return {
    context: new OperationContext(parts, scope, 'schedule', { kind: 'system', name: 'schedule' }, onLeave),
    done: () => {
      isDone = true;
      for (const left of leaving.splice(0)) left();
    },
  };
}
