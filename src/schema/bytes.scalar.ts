import { GraphQLError, GraphQLScalarType } from 'graphql';

const INSIDE = 'Bytes come from a door of the server itself and cannot be written in a document or in JSON';

/** Bytes as they came over the wire, for what is signed. Only a door can hand them in, because JSON knows none. */
export const Bytes = new GraphQLScalarType<Buffer, never>({
  name: 'Bytes',
  description: 'Bytes as they came over the wire. Only the server itself hands them in.',
  serialize: () => {
    throw new GraphQLError('Bytes never go out');
  },
  parseValue: (value) => {
    if (!Buffer.isBuffer(value)) throw new GraphQLError(INSIDE);
    return value;
  },
  parseLiteral: () => {
    throw new GraphQLError(INSIDE);
  },
});
