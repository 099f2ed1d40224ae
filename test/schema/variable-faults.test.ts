import { expect, test } from '@jest/globals';
import { buildSchema, parse, type OperationDefinitionNode } from 'graphql';
import { variableFaults } from '../../src/schema/variable-faults.js';

const schema = buildSchema(`
  enum Colour { red green }
  input Inner { size: Int! }
  input Input { name: String!, count: Int, on: Boolean, colour: Colour, inner: Inner, words: [String!], ratio: Float, id: ID }
  type Query { do(input: Input, id: ID!, first: Int): Int }`);
const [definition] = parse('query ($input: Input, $id: ID!, $first: Int) { do(input: $input, id: $id, first: $first) }').definitions;
const faults = (variables: object, fromRest = true) => variableFaults(schema, definition as OperationDefinitionNode, variables as Record<string, unknown>, fromRest);

test.each([
  [{ name: 'a', count: 1, on: false, colour: 'red', inner: { size: 1 }, words: ['b'], ratio: 0.5, id: 'x' }, []],
  [null, []],
  [{}, [['name', 'is required']]],
  [{ name: null }, [['name', 'must not be null']]],
  [{ name: 'a', count: '1' }, [['count', 'must be a whole number of at most 32 bits']]],
  [{ name: 'a', count: 2 ** 31 }, [['count', 'must be a whole number of at most 32 bits']]],
  [{ name: 1, on: 'yes' }, [['name', 'must be a string'], ['on', 'must be true or false']]],
  [{ name: 'a', colour: 'blue' }, [['colour', 'must be one of red, green']]],
  [{ name: 'a', colour: 1 }, [['colour', 'must be one of red, green']]],
  [{ name: 'a', inner: {} }, [['inner.size', 'is required']]],
  [{ name: 'a', inner: { size: 1, depth: 2 } }, [['inner.depth', 'is not a known field']]],
  [{ name: 'a', inner: 'big' }, [['inner', 'must be an object']]],
  [{ name: 'a', words: ['b', 3, null] }, [['words.1', 'must be a string'], ['words.2', 'must not be null']]],
  [{ name: 'a', ratio: 'half', id: 1.5 }, [['ratio', 'must be a number'], ['id', 'must be an id']]],
  ['text', [['body', 'must be an object']]],
])('the faults of %j are %j', (input, expected) => {
  expect(faults({ id: 'x', input }).map(({ path, message }) => [path, message])).toEqual(expected);
});

test('no fault quotes a value', () => {
  const canary = 'canary-91bd';
  const input = { name: [canary], count: canary, on: canary, colour: canary, inner: { size: canary }, words: [[canary]], ratio: canary, id: [canary], unknown: canary };
  const found = faults({ id: [canary], first: canary, input });
  expect(found).toHaveLength(11);
  expect(JSON.stringify(found)).not.toContain(canary);
});

test('elsewhere than in a body of REST the path begins with the variable', () => {
  expect(faults({ input: { name: 1 }, first: 'a' }, false)).toEqual([
    { path: 'input.name', message: 'must be a string' },
    { path: 'id', message: 'is required' },
    { path: 'first', message: 'must be a whole number of at most 32 bits' },
  ]);
});
