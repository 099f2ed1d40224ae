import {
  execute, isLeafType, Kind, OperationTypeNode, typeFromAST, visit, BREAK, getNamedType,
  type DocumentNode, type ExecutionResult, type GraphQLSchema, type GraphQLType,
} from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';
import { operationOf } from './document-limits.js';

/** Compiling costs as much as a dozen executions, so a document of a stranger is compiled when it comes back. */
const USES_BEFORE_COMPILING = 3;
/** Compiled documents kept for strangers; one more starts afresh, so that memory stays bounded. */
const MOST_COMPILED = 500;

type Run = (context: object, variables: Record<string, unknown>) => Promise<ExecutionResult> | ExecutionResult;

interface Entry {
  uses: number;
  /** Null where it is not compiled: then graphql executes it for ever. */
  runs: Map<string, Run | null>;
}

/** Executes documents of one schema, the often used ones compiled to JavaScript. A document is known by its identity: callers cache it. */
export class CompiledOperations {
  private strangers = new WeakMap<DocumentNode, Entry>();
  private readonly own = new WeakMap<DocumentNode, Entry>();
  private compiled = 0;

  constructor(private readonly schema: GraphQLSchema) {}

  /** Compiles a document of ours at boot, where it is one that the compiler gets right. */
  prepare(document: DocumentNode): void {
    const name = operationOf(document)?.name?.value;
    this.own.set(document, { uses: USES_BEFORE_COMPILING, runs: new Map([[name ?? '', compile(this.schema, document, name)]]) });
  }

  execute(document: DocumentNode, operationName: string | undefined, context: object, variables: Record<string, unknown>): Promise<ExecutionResult> | ExecutionResult {
    const run = this.runOf(document, operationName);
    return run ? run(context, variables) : execute({ schema: this.schema, document, operationName, contextValue: context, variableValues: variables });
  }

  private runOf(document: DocumentNode, operationName: string | undefined): Run | null {
    const entry = this.own.get(document) ?? this.entryOf(document);
    const name = operationName ?? operationOf(document)?.name?.value ?? '';
    const known = entry.runs.get(name);
    if (known !== undefined) return known;
    entry.uses += 1;
    if (entry.uses < USES_BEFORE_COMPILING) return null;
    if (this.compiled >= MOST_COMPILED) this.forgetStrangers();
    const run = compile(this.schema, document, operationName);
    this.compiled += 1;
    entry.runs.set(name, run);
    return run;
  }

  private entryOf(document: DocumentNode): Entry {
    const known = this.strangers.get(document);
    if (known) return known;
    const entry: Entry = { uses: 0, runs: new Map() };
    this.strangers.set(document, entry);
    return entry;
  }

  private forgetStrangers(): void {
    this.strangers = new WeakMap();
    this.compiled = 0;
  }
}

function compile(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): Run | null {
  if (!isCompiledRight(schema, document, operationName)) return null;
  const compiled: CompiledQuery | ExecutionResult = compileQuery(schema, document, operationName, { disablingCapturingStackErrors: true, useExperimentalPathBasedSkipInclude: true });
  if (!isCompiledQuery(compiled)) return null;
  return (context, variables) => compiled.query(undefined, context, variables);
}

/** graphql-jit forgets the defaults of fields in nested inputs, so only queries without inputs are left to it: those are the hot ones. */
function isCompiledRight(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): boolean {
  const operation = operationOf(document, operationName);
  if (operation?.operation !== OperationTypeNode.QUERY) return false;
  const types = (operation.variableDefinitions ?? []).map(({ type }) => getNamedType(typeFromAST(schema, type as Parameters<typeof typeFromAST>[1]) as GraphQLType | undefined));
  if (!types.every(isLeafType)) return false;
  let hasObject = false;
  visit(document, {
    [Kind.OBJECT]: () => {
      hasObject = true;
      return BREAK;
    },
  });
  return !hasObject;
}
