import { Kind, type DocumentNode, type FragmentDefinitionNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

/** How large a document may be. A dashboard's largest page and the standard introspection query are well inside. */
export const DOCUMENT_LIMITS = {
  tokens: 1500,
  depth: 12,
  /** Fields of one selection set, fragments unfolded. */
  breadth: 80,
  /** Fields of the whole operation, fragments unfolded. */
  fields: 600,
  aliases: 30,
  directives: 20,
  /** Operations and fragments in one document. */
  definitions: 30,
  /** Fields of the operation itself: each one beyond the first also counts as one more request. */
  rootFields: 20,
} as const;

interface Size {
  fields: number;
  breadth: number;
  depth: number;
  aliases: number;
  directives: number;
  /** Fields of this selection set itself. */
  own: number;
}

/**
 * The sentence that says which limit `document` breaks, or null. It looks at the text alone, so it runs before validation, whose
 * comparison of overlapping fields is quadratic. Each fragment is measured once, however often it is spread.
 */
export function documentFault(document: DocumentNode): string | null {
  if (document.definitions.length > DOCUMENT_LIMITS.definitions) return tooMany('definitions', DOCUMENT_LIMITS.definitions);
  const measure = measurer(document);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const size = measure(definition.selectionSet);
    if (size === 'cycle') return 'The document has fragments that spread each other in a circle.';
    // A fragment counts where it is spread.
    if (definition.kind === Kind.FRAGMENT_DEFINITION) continue;
    if (size.own > DOCUMENT_LIMITS.rootFields) return tooMany('root fields', DOCUMENT_LIMITS.rootFields);
    if (size.depth > DOCUMENT_LIMITS.depth) return `The document is nested deeper than ${DOCUMENT_LIMITS.depth} levels.`;
    if (size.breadth > DOCUMENT_LIMITS.breadth) return tooMany('fields in one selection', DOCUMENT_LIMITS.breadth);
    if (size.fields > DOCUMENT_LIMITS.fields) return tooMany('fields', DOCUMENT_LIMITS.fields);
    if (size.aliases > DOCUMENT_LIMITS.aliases) return tooMany('aliases', DOCUMENT_LIMITS.aliases);
    if (size.directives + (definition.directives?.length ?? 0) > DOCUMENT_LIMITS.directives) return tooMany('directives', DOCUMENT_LIMITS.directives);
  }
  return null;
}

/** The operation that would run: the named one, or the only one. */
export function operationOf(document: DocumentNode, name?: string | null): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (name) return operations.find((operation) => operation.name?.value === name);
  return operations.length === 1 ? operations[0] : undefined;
}

/** Number of root fields of the operation that would run, fragments unfolded, and whether it asks for the schema itself. */
export function rootFields(document: DocumentNode, operationName?: string | null): { count: number; introspects: boolean } {
  const operation = operationOf(document, operationName);
  if (!operation) return { count: 1, introspects: false };
  const names: string[] = [];
  const fragments = fragmentsOf(document);
  const open: SelectionSetNode[] = [operation.selectionSet];
  const seen = new Set(open);
  for (let set = open.pop(); set && names.length <= DOCUMENT_LIMITS.rootFields; set = open.pop()) {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) names.push(selection.name.value);
      else {
        const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (inner && !seen.has(inner.selectionSet)) {
          seen.add(inner.selectionSet);
          open.push(inner.selectionSet);
        }
      }
    }
  }
  return { count: Math.max(1, names.length), introspects: names.some((name) => name === '__schema' || name === '__type') };
}

const tooMany = (what: string, limit: number): string => `The document has more than ${limit} ${what}.`;

const fragmentsOf = (document: DocumentNode): Map<string, FragmentDefinitionNode> =>
  new Map(document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION).map((fragment) => [fragment.name.value, fragment]));

function measurer(document: DocumentNode): (set: SelectionSetNode) => Size | 'cycle' {
  const fragments = fragmentsOf(document);
  const known = new Map<SelectionSetNode, Size | 'cycle' | 'open'>();

  const measure = (set: SelectionSetNode): Size | 'cycle' => {
    const seen = known.get(set);
    if (seen !== undefined) return seen === 'open' ? 'cycle' : seen;
    known.set(set, 'open');
    const size = sum(set);
    known.set(set, size);
    return size;
  };

  const sum = (set: SelectionSetNode): Size | 'cycle' => {
    const total: Size = { fields: 0, breadth: 0, depth: 0, aliases: 0, directives: 0, own: 0 };
    for (const selection of set.selections) {
      total.directives += selection.directives?.length ?? 0;
      const inner = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)?.selectionSet : selection.selectionSet;
      const isField = selection.kind === Kind.FIELD;
      if (isField) {
        total.own += 1;
        total.fields += 1;
        total.aliases += selection.alias ? 1 : 0;
      }
      // What the schema says of itself nests deeply by its nature; graphql's own rule limits it.
      const isSchema = isField && selection.name.value.startsWith('__');
      const size = inner ? measure(inner) : null;
      if (size === 'cycle') return size;
      if (size) {
        total.fields += size.fields;
        total.aliases += size.aliases;
        total.directives += size.directives;
        total.breadth = Math.max(total.breadth, size.breadth);
        if (!isField) total.own += size.own;
      }
      total.depth = Math.max(total.depth, isSchema ? 1 : (size?.depth ?? 0) + (isField ? 1 : 0));
    }
    total.breadth = Math.max(total.breadth, total.own);
    return total;
  };
  return measure;
}
