import { GraphQLError, parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { badRequest, unauthenticated } from '../errors.js';
import type { Actor } from '../context.js';
import { withoutValues } from '../schema/quoted-values.js';
import { DOCUMENT_LIMITS, documentFault, rootFields } from '../schema/document-limits.js';

const KEPT_DOCUMENTS = 500;
/** Longer ones are rare and are not worth their memory. */
const KEPT_LENGTH = 8_192;
const MOST_ERRORS = 10;

interface Known {
  document: DocumentNode;
  fault: string | null;
  errors: readonly GraphQLError[] | undefined;
}

/** Lets documents of clients in: within the limits, valid, and about the schema itself only for those who may ask. */
export class DocumentGate {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly schema: GraphQLSchema,
    /** In production only a caller with a token may read the schema. */
    private readonly isProduction: boolean,
  ) {}

  /** Holds a document to the limits, without validating it. Throws BAD_REQUEST and UNAUTHENTICATED. */
  measure(source: string, operationName: string | null | undefined, actor: Actor): { rootFields: number } {
    const { document, fault } = this.read(source);
    if (fault) throw badRequest(fault);
    const { count, introspects } = rootFields(document, operationName);
    if (introspects && this.isProduction && actor.kind === 'anonymous') throw unauthenticated();
    return { rootFields: count };
  }

  /** The document, or the errors of its validation. Throws as `measure` does. */
  admit(source: string, operationName: string | null | undefined, actor: Actor): { rootFields: number; document: DocumentNode; errors: readonly GraphQLError[] } {
    const { rootFields: count } = this.measure(source, operationName, actor);
    const known = this.read(source);
    known.errors ??= validate(this.schema, known.document, undefined, { maxErrors: MOST_ERRORS });
    return { rootFields: count, document: known.document, errors: known.errors };
  }

  private read(source: string): Known {
    const before = this.known.get(source);
    if (before) return before;
    const document = parsed(source);
    const fresh: Known = { document, fault: documentFault(document), errors: undefined };
    if (source.length <= KEPT_LENGTH) {
      if (this.known.size >= KEPT_DOCUMENTS) this.known.delete(this.known.keys().next().value as string);
      this.known.set(source, fresh);
    }
    return fresh;
  }
}

function parsed(source: string): DocumentNode {
  try {
    return parse(source, { maxTokens: DOCUMENT_LIMITS.tokens });
  } catch (error) {
    throw badRequest(error instanceof GraphQLError ? withoutValues(error.message) : 'The document cannot be read.');
  }
}
