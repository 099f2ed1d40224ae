import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printedSchema } from '../../src/resolvers/print-schema.js';

describe('schema.graphql', () => {
  test('is what the classes say (after a change: npm run build && npm run schema)', () => {
    expect(readFileSync(join(import.meta.dirname, '..', '..', 'schema.graphql'), 'utf8')).toBe(printedSchema());
  });
});
