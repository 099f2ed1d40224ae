import {
  getNullableType, isEnumType, isInputObjectType, isLeafType, isListType, isNonNullType, isObjectType, Kind, typeFromAST, validate,
  type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLInputType, type GraphQLNamedType, type GraphQLObjectType,
  type GraphQLOutputType, type GraphQLSchema, type GraphQLType, type SelectionSetNode,
} from 'graphql';
import { z } from 'zod';
import type { JsonSchema, OperationShape } from '../operation.js';
import { operationOf } from '../schema/document-limits.js';
import { RULE } from '../schema/rule.js';

const LEAVES: Readonly<Record<string, JsonSchema>> = {
  ID: { type: 'string' },
  String: { type: 'string' },
  Int: { type: 'integer' },
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  DateTimeISO: { type: 'string', format: 'date-time' },
  Variables: { type: 'object', additionalProperties: { type: 'string' } },
  LogFields: { type: 'object' },
};

/** The shape of the only operation of `document`: its variables with their rules, and its answer as the selection has it. */
export function shapeOf(schema: GraphQLSchema, document: DocumentNode): OperationShape {
  const operation = operationOf(document);
  if (!operation) throw new Error('A document without exactly one operation has no shape');
  const root = schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no ${operation.operation}`);
  const variables: OperationShape['variables'] = {};
  for (const { variable, type: node, defaultValue } of operation.variableDefinitions ?? []) {
    const type = typeFromAST(schema, node as Parameters<typeof typeFromAST>[1]) as GraphQLInputType;
    variables[variable.name.value] = { schema: inputSchema(type), required: isNonNullType(type) && !defaultValue };
  }
  return { variables, answer: answerSchema(root, operation.selectionSet, fragmentsOf(document)) };
}

/** `shapeOf` for a document of ours: throws at boot, with every reason, when it is not valid. */
export function checkedShape(schema: GraphQLSchema, document: DocumentNode): OperationShape {
  const errors = validate(schema, document);
  if (errors.length > 0) throw new Error(`The operation ${operationOf(document)?.name?.value} does not fit the schema: ${errors.map((error) => error.message).join(' ')}`);
  return shapeOf(schema, document);
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

const fragmentsOf = (document: DocumentNode): Fragments =>
  new Map(document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION).map((fragment) => [fragment.name.value, fragment]));

const described = (schema: JsonSchema, description: string | null | undefined): JsonSchema => (description ? { ...schema, description } : schema);

function orNull(schema: JsonSchema, type: GraphQLType): JsonSchema {
  if (isNonNullType(type)) return schema;
  if (schema.enum) return { ...schema, type: ['string', 'null'], enum: [...(schema.enum as unknown[]), null] };
  return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'] } : { anyOf: [schema, { type: 'null' }] };
}

function leafSchema(type: GraphQLNamedType): JsonSchema {
  if (isEnumType(type)) return { type: 'string', enum: type.getValues().map((value) => value.name) };
  return { ...(LEAVES[type.name] ?? {}) };
}

/** Null means "not given" in every input, so it is not written into each of them. */
function inputSchema(type: GraphQLInputType, rule?: z.ZodType): JsonSchema {
  const bare = getNullableType(type);
  const base = isListType(bare) ? { type: 'array', items: inputSchema(bare.ofType) } : isInputObjectType(bare) ? inputObject(bare) : leafSchema(bare as GraphQLNamedType);
  return rule ? { ...base, ...constraints(rule) } : base;
}

function inputObject(type: GraphQLNamedType): JsonSchema {
  if (!isInputObjectType(type)) return {};
  const fields = Object.values(type.getFields());
  const required = fields.filter((field) => isNonNullType(field.type) && field.defaultValue === undefined).map((field) => field.name);
  const properties = fields.map((field) => {
    const schema = inputSchema(field.type, field.extensions[RULE] as z.ZodType | undefined);
    if (field.defaultValue !== undefined) schema.default = field.defaultValue;
    return [field.name, described(schema, field.description)] as const;
  });
  return { title: type.name, type: 'object', properties: Object.fromEntries(properties), ...(required.length > 0 && { required }), additionalProperties: false };
}

/** What a rule says in JSON Schema; what it cannot say there (a check by a function) stays in its sentence. */
function constraints(rule: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(rule, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return schema;
}

function outputSchema(type: GraphQLOutputType, selection: SelectionSetNode | undefined, fragments: Fragments): JsonSchema {
  const bare = getNullableType(type);
  if (isListType(bare)) return orNull({ type: 'array', items: outputSchema(bare.ofType, selection, fragments) }, type);
  if (isLeafType(bare)) return orNull(leafSchema(bare), type);
  if (!isObjectType(bare) || !selection) throw new Error(`No shape for ${String(type)}`);
  return orNull(answerSchema(bare, selection, fragments), type);
}

function answerSchema(type: GraphQLObjectType, selection: SelectionSetNode, fragments: Fragments): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const field of fieldsOf(selection, fragments)) {
    const definition = type.getFields()[field.name.value];
    if (!definition) throw new Error(`${type.name} has no field "${field.name.value}"`);
    const name = field.alias?.value ?? field.name.value;
    // What stands under a condition is there for who asked.
    if (!field.directives?.length) required.push(name);
    properties[name] = described(outputSchema(definition.type, field.selectionSet, fragments), definition.description);
  }
  return { title: type.name, type: 'object', properties, required };
}

function fieldsOf(selection: SelectionSetNode, fragments: Fragments): FieldNode[] {
  return selection.selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [node];
    const inner = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
    return inner ? fieldsOf(inner.selectionSet, fragments) : [];
  });
}
