import { expect, test } from '@jest/globals';
import { quantityOf } from '../../src/schema/quantity.js';

test.each([
  ['1', 1], ['0.5', 0.5], ['500m', 0.5], ['1k', 1000], ['1Ki', 1024], ['1.5Gi', 1.5 * 1024 ** 3], ['2G', 2e9], ['128974848', 128974848], ['129e6', 129e6], ['129M', 129e6], ['123Mi', 123 * 1024 ** 2], ['1E', 1e18], ['1e3', 1000],
])('%s stands for %d', (text, value) => {
  expect(quantityOf(text)).toBeCloseTo(value, 6);
});

test.each(['', '-1', '+1', 'm', '1K', '1mi', '1 Gi', '1Gib', '1e', '0x10', '1.', '.5', 'NaN', '1e400', '9'.repeat(16)])('%j is none', (text) => {
  expect(quantityOf(text)).toBeNull();
});
