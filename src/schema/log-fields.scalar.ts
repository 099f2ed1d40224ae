import { GraphQLError, GraphQLScalarType } from 'graphql';

/** What a JSON line of a log holds beside its message and level: any object. It only goes out. */
export const LogFields = new GraphQLScalarType<never, unknown>({
  name: 'LogFields',
  description: 'An object of JSON, as the line held it.',
  serialize: (value) => value,
  parseValue: () => {
    throw new GraphQLError('Fields of log lines only go out');
  },
});
