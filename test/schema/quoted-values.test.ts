import { expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { withoutValues } from '../../src/schema/quoted-values.js';

const schema = buildSchema('type Query { a(text: String, number: Int, role: Role, input: In, id: ID, flag: Boolean): Int } enum Role { OWNER ADMIN } input In { text: String! }');

/** Every way in which graphql refuses a value, and what is left of its sentence. */
test.each([
  ['{ a(text: ["canary"]) }', 'String cannot represent a non string value.'],
  ['{ a(number: "canary") }', 'Int cannot represent non-integer value.'],
  ['{ a(flag: "canary") }', 'Boolean cannot represent a non boolean value.'],
  ['{ a(id: ["canary"]) }', 'ID cannot represent a non-string and non-integer value.'],
  ['{ a(role: "canary") }', 'Enum "Role" cannot represent non-enum value.'],
  ['{ a(role: canary) }', 'This value does not exist in "Role" enum.'],
  ['{ a(input: "canary") }', 'Expected value of type "In".'],
  ['{ a(input: { text: "canary", colour: 1 }) }', 'Field "colour" is not defined by type "In".'],
  ['{ a(text "canary") }', 'Syntax Error: Expected ":", found String.'],
  ['{ a(text: """canary""" """canary""") }', 'Syntax Error: Expected Name, found BlockString.'],
])('%s', (document, told) => {
  const messages = (): string[] => {
    try {
      return validate(schema, parse(document)).map(({ message }) => message);
    } catch (error) {
      return [(error as Error).message];
    }
  };
  expect(messages().map(withoutValues)).toEqual([told]);
});

test('names of fields and arguments stay', () => {
  const [error] = validate(schema, parse('{ b(text: "canary") }'));
  expect(withoutValues(error!.message)).toBe('Cannot query field "b" on type "Query". Did you mean "a"?');
});
