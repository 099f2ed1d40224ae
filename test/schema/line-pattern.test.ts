import { expect, test } from '@jest/globals';
import { compilePattern } from '../../src/schema/line-pattern.js';

test('finds what an expression describes', () => {
  const { test: matches, source } = compilePattern('(?i)conn(ection)? (refused|reset)');
  expect(source).toBe('(?i)conn(ection)? (refused|reset)');
  expect(['Connection refused', 'conn RESET by peer', 'connected'].map((line) => matches(line))).toEqual([true, true, false]);
});

test.each(['(a', '(?=x)', '(a)\\1', '((a{0,100}){0,100}){0,100}', 'a{2000}'])('%s is refused with what to do instead', (source) => {
  expect(() => compilePattern(source)).toThrow('RE2');
});

test('a program that would make each line dear is refused', () => {
  expect(() => compilePattern('(\\pL{0,30}x){0,33}')).toThrow('too large');
});

// A backtracking engine needs 2^n steps for these: at 64 Ki letters it would never answer.
test.each(['(a+)+$', '(a|aa)+$', '(.*a){20}$', '(a|b)*a(a|b){200}[cd]'])('%s takes time in proportion to the line', (source) => {
  const pattern = compilePattern(source);
  expect(pattern.test(`${'a'.repeat(65_536)}!`)).toBe(false);
});
