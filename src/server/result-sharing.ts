import { Kind, visit, type DocumentNode } from 'graphql';
import type { Actor, RequestContext } from '../context.js';
import type { OperationRequest, ResultEncoding, SharedResults } from '../operation.js';
import type { SharedEvents } from '../resolvers/subscription/shared-events.js';
import { operationOf } from '../schema/document-limits.js';
import { ResultGroup, type ResultMaking } from './result-group.js';
import { ResultMember } from './result-member.js';

/**
 * Brings together the readers of the same events with the same document, variables and rights, through doors that write
 * alike: each result is worked out and encoded once for all of them.
 */
export class ResultSharing {
  readonly #groups = new Map<string, ResultGroup>();
  readonly #numbers = new WeakMap<object, number>();
  #last = 0;

  share(request: OperationRequest, context: Pick<RequestContext, 'actor' | 'requestId'>, events: SharedEvents, making: ResultMaking): SharedResults {
    const { actor, requestId } = context;
    const key = [events.key, this.#numberOf(request.document), request.operationName ?? '', JSON.stringify(commonVariables(request, events.ownArguments)), rightsOf(actor)].join('\n');
    return { deliver: (reader, encoding) => new ResultMember(this.#group(`${key}\n${this.#numberOf(encoding)}`, events, making, encoding), reader, requestId).start(events) };
  }

  #group(key: string, events: SharedEvents, making: ResultMaking, encoding: ResultEncoding): ResultGroup {
    const known = this.#groups.get(key);
    if (known) return known;
    const group = new ResultGroup(events, making, encoding, () => this.#groups.delete(key));
    this.#groups.set(key, group);
    return group;
  }

  #numberOf(one: object): number {
    const number = this.#numbers.get(one) ?? ++this.#last;
    this.#numbers.set(one, number);
    return number;
  }
}

const rightsOf = (actor: Actor): string => ('scopes' in actor ? [...actor.scopes].sort().join(' ') : actor.kind);

/** The variables that shape every result: those that are used for nothing but a reader's own beginning are left out. */
export function commonVariables({ document, operationName, variables }: OperationRequest, ownArguments: readonly string[]): Record<string, unknown> {
  const used = usedVariables(document, operationName, new Set(ownArguments));
  return Object.fromEntries(Object.entries(variables).filter(([name]) => used.has(name)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function usedVariables(document: DocumentNode, operationName: string | undefined, ownArguments: ReadonlySet<string>): Set<string> {
  const roots = new Set<unknown>(operationOf(document, operationName)?.selectionSet.selections ?? []);
  const used = new Set<string>();
  let depthOfRoot = 0;
  visit(document, {
    VariableDefinition: () => false,
    Field: { enter: (node) => void (roots.has(node) && (depthOfRoot = 1)), leave: (node) => void (roots.has(node) && (depthOfRoot = 0)) },
    SelectionSet: { enter: () => void (depthOfRoot > 0 && (depthOfRoot += 1)), leave: () => void (depthOfRoot > 1 && (depthOfRoot -= 1)) },
    Argument: (node) => (depthOfRoot === 1 && ownArguments.has(node.name.value) && node.value.kind === Kind.VARIABLE ? false : undefined),
    Variable: (node) => void used.add(node.name.value),
  });
  return used;
}
