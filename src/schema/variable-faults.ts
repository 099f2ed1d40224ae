import { coerceInputValue, isEnumType, isInputType, Kind, typeFromAST, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { Fault } from '../errors.js';

/**
 * What is wrong with the variables of an operation, before it runs: unknown keys, missing ones, wrong types. GraphQL's own
 * message for these quotes the whole value, secrets too; this one tells the path and the rule. A path inside `$input` is
 * told without it where the client wrote a body of REST.
 */
export function variableFaults(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  fromRest: boolean,
): Fault[] {
  const faults: Fault[] = [];
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type as never);
    if (!isInputType(type)) continue;
    const given = variables[name];
    if (given === undefined) {
      if (definition.type.kind === Kind.NON_NULL_TYPE && !definition.defaultValue) faults.push({ path: name, message: 'is required' });
      continue;
    }
    coerceInputValue(given, type, (path, _value, error) => {
      const inside = fromRest && name === 'input' ? path : [name, ...path];
      faults.push(described(schema, inside.map(String), error.message));
    });
  }
  return faults;
}

const UNKNOWN = /^Field "([^"]+)" is not defined by type/;
const MISSING = /^Field "([^"]+)" of required type "([^"]+)" was not provided/;
const NULL = /^Expected non-nullable type "([^"]+)" not to be null/;
const ENUM = /^(?:Value .* does not exist in|Enum) "([^"]+)" (?:enum|cannot represent)/s;
const LEAF = /^(\w+) cannot represent/;
const OBJECT = /^Expected type "([^"]+)" to be an object/;

const LEAF_RULES: Readonly<Record<string, string>> = {
  Int: 'must be a whole number of at most 32 bits',
  Float: 'must be a number',
  String: 'must be a string',
  Boolean: 'must be true or false',
  ID: 'must be an id',
  DateTime: 'must be a time like 2030-01-31T12:00:00Z',
  DateTimeISO: 'must be a time like 2030-01-31T12:00:00Z',
};

function described(schema: GraphQLSchema, path: string[], message: string): Fault {
  const at = (...more: string[]): string => [...path, ...more].join('.') || 'body';
  const unknown = UNKNOWN.exec(message);
  if (unknown) return { path: at(unknown[1]!), message: 'is not a known field' };
  const missing = MISSING.exec(message);
  if (missing) return { path: at(missing[1]!), message: 'is required' };
  if (NULL.test(message)) return { path: at(), message: 'must not be null' };
  if (OBJECT.test(message)) return { path: at(), message: 'must be an object' };
  const choice = ENUM.exec(message);
  if (choice) return { path: at(), message: `must be one of ${namesOf(schema, choice[1]!)}` };
  const leaf = LEAF.exec(message)?.[1] ?? /^Expected type "(\w+)"/.exec(message)?.[1];
  return { path: at(), message: (leaf && LEAF_RULES[leaf]) ?? 'is not valid' };
}

function namesOf(schema: GraphQLSchema, enumName: string): string {
  const type = schema.getType(enumName);
  return isEnumType(type) ? type.getValues().map(({ name }) => name).join(', ') : enumName;
}
