import { GraphQLScalarType, valueFromASTUntyped } from 'graphql';

/**
 * Variables of a service: an object of names and values. It takes whatever it is given, because GraphQL's own refusal would
 * quote the value; the rules of the field (`variables.rule.ts`) refuse it without. It never goes out.
 */
export const Variables = new GraphQLScalarType<unknown, never>({
  name: 'Variables',
  description: 'An object of variable names and string values, e.g. `{"NODE_ENV": "production"}`. Write-only.',
  serialize: () => {
    throw new Error('The values of variables never go out');
  },
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});
