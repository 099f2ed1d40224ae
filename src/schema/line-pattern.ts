import { RE2JS } from 're2js';
import type { z } from 'zod';

/** A compiled program over this would make each line dear. */
const MOST_INSTRUCTIONS = 1_000;

/** A regular expression in RE2's syntax: matching takes time in proportion to the text, whatever the expression. */
export interface LinePattern {
  readonly source: string;
  test(text: string): boolean;
}

/** Throws an error whose message says what is wrong and does not quote the expression. */
export function compilePattern(source: string): LinePattern {
  let program: RE2JS;
  try {
    program = RE2JS.compile(source);
  } catch {
    throw new Error('must be a regular expression in RE2 syntax (no look-around, no back-references, repeats of at most 1000)');
  }
  if (program.programSize() > MOST_INSTRUCTIONS) throw new Error('is too large: use fewer or smaller repeats');
  return { source, test: (text) => program.test(text) };
}

/** For a rule of an input. */
export function checkPattern(source: string, context: z.core.$RefinementCtx): void {
  try {
    compilePattern(source);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
}
