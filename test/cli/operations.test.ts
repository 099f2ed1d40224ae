import { expect, it } from '@jest/globals';
import { buildSchema, validate } from 'graphql';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPERATIONS } from '../../src/cli/client/operations.js';

const schema = buildSchema(readFileSync(join(import.meta.dirname, '..', '..', 'schema.graphql'), 'utf8'));

it.each(Object.entries(OPERATIONS))('%s is what the schema offers', (_, { document }) => {
  expect(validate(schema, document).map(({ message }) => message)).toEqual([]);
});
