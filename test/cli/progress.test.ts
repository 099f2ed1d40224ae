import { expect, it } from '@jest/globals';
import { Progress } from '../../src/cli/progress.js';

function output(isTTY: boolean) {
  const written: string[] = [];
  let told = () => {};
  const write = (text: string) => {
    written.push(text);
    told();
    return true;
  };
  /** Resolves once something like this was written. */
  const until = (expected: RegExp) =>
    new Promise<void>((resolve) => {
      told = () => written.some((text) => expected.test(text)) && resolve();
    });
  return { written, isTTY, columns: 80, write, until };
}

it('ends a step with its result and its time, one line', async () => {
  const elsewhere = output(false);
  await new Progress(elsewhere).step('Starting PostgreSQL', async (step) => step.becomes('PostgreSQL is ready'));
  expect(elsewhere.written).toHaveLength(1);
  expect(elsewhere.written[0]).toMatch(/^PostgreSQL is ready \(0\.\d s\)\n$/);
});

it('draws one line that changes on a terminal, with how far it is and for how long, and wipes it', async () => {
  const terminal = output(true);
  await new Progress(terminal).step('Building', async (step) => {
    step.at('60 %');
    await terminal.until(/^\r\x1b\[2KBuilding … 60 %, 0\.\d s so far$/);
  });
  expect(terminal.written.at(-2)).toBe('\r\x1b[2K');
  expect(terminal.written.at(-1)).toMatch(/^Building \(0\.\d s\)\n$/);
});

it('says nothing of success when a step fails', async () => {
  const elsewhere = output(false);
  await expect(new Progress(elsewhere).step('Building', () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
  expect(elsewhere.written).toEqual([]);
});
