import { getNamedType, GraphQLString, isInputObjectType, isObjectType, type GraphQLArgument, type GraphQLFieldResolver, type GraphQLInputObjectType, type GraphQLInputType, type GraphQLSchema } from 'graphql';
import type { z } from 'zod';
import type { RequestContext } from '../context.js';
import { badRequest, type ApexError, type Fault } from '../errors.js';
import { RULE } from './rule.js';

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;

/** No text of the database holds one, and nothing that people write does. */
const NO_NUL = 'must not hold a NUL character';
const isText = (type: GraphQLInputType): boolean => getNamedType(type) === GraphQLString;
const holdsNul = (value: unknown): boolean => (Array.isArray(value) ? value.some(holdsNul) : typeof value === 'string' && value.includes('\0'));

/** Makes every field of the schema that takes inputs or texts check them before it runs. */
export function holdToRules(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of type.name.startsWith('__') ? [] : Object.values(type.getFields())) {
      if (!field.args.some(({ type: taken }) => isInputObjectType(getNamedType(taken)) || isText(taken))) continue;
      if (field.subscribe) field.subscribe = checked(field.args, field.subscribe as Resolver);
      else if (field.resolve) field.resolve = checked(field.args, field.resolve as Resolver);
    }
  }
}

function checked(types: readonly GraphQLArgument[], resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    checkArguments(types, args, context.door === 'rest');
    return resolve(source, args, context, info);
  };
}

/**
 * Throws BAD_REQUEST with every fault of the arguments that are inputs. Paths are as the client wrote them: inside the input
 * for a body of REST, with the argument's name elsewhere.
 */
function checkArguments(types: readonly GraphQLArgument[], args: Readonly<Record<string, unknown>>, fromRest: boolean): void {
  const faults = types.flatMap(({ name, type }) => {
    const named = getNamedType(type);
    if (isInputObjectType(named)) return faultsOf(named, args[name], fromRest ? '' : `${name}.`);
    return isText(type) && holdsNul(args[name]) ? [{ path: name, message: NO_NUL }] : [];
  });
  if (faults.length > 0) throw invalid(faults);
}

/** The 400 for faults of `$input` that only the rows can tell, at paths inside it. */
export function invalidInput({ door }: Pick<RequestContext, 'door'>, faults: readonly Fault[]): ApexError {
  return invalid(faults.map(({ path, message }) => ({ path: door === 'rest' ? path : `input.${path}`, message })));
}

/** The one 400 for what breaks rules. */
export const invalid = (faults: Fault[]): ApexError =>
  badRequest(`The input is not valid: ${faults.map(({ path, message }) => `${path} ${message}`).slice(0, 5).join('; ')}.`, faults);

function faultsOf(type: GraphQLInputObjectType, value: unknown, prefix: string): Fault[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(type.getFields()).flatMap((field) => {
    const given = (value as Record<string, unknown>)[field.name];
    if (given === undefined || given === null) return [];
    const path = prefix + field.name;
    const nested = getNamedType(field.type);
    if (isInputObjectType(nested)) return faultsOf(nested, given, `${path}.`);
    const rule = field.extensions[RULE] as z.ZodType | undefined;
    const issues = rule?.safeParse(given).error?.issues ?? [];
    if (issues.length === 0 && isText(field.type) && holdsNul(given)) return [{ path, message: NO_NUL }];
    return issues.map((issue) => ({ path: [path, ...issue.path].join('.'), message: issue.message }));
  });
}
