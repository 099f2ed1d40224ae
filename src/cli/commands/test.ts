import type { Command } from 'commander';
import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readJson } from '../../node/json-file.js';
import { findBrowser } from '../browser.js';
import { messageOf } from '../problem.js';
import { Progress } from '../progress.js';
import { stopSignal } from '../stop-signal.js';
import type { Surroundings } from '../surroundings.js';
import { testHome, withTestBed } from '../test-bed.js';
import { prepareBuilder, prepareS3Server, seedImages } from './images.js';
import { runAttached } from './run-attached.js';

const LARGEST_SEED = 2 ** 31;
const RESULTS = z.object({ numPassedTests: z.number(), numFailedTests: z.number(), numRuntimeErrorTestSuites: z.number() });

export function addTest(program: Command, surroundings: Surroundings): void {
  program
    .command('test')
    .description('install and start what the tests need, and run all of them')
    .argument('[jest arguments...]', 'which tests, and how: as jest takes them')
    .option('--soak', 'run the long ones at full size; APEX_TEST_SEED repeats a run')
    .allowUnknownOption()
    .action((jestArguments: string[], { soak = false }: { soak?: boolean }) => test(surroundings, jestArguments, soak));
}

async function test(surroundings: Surroundings, jestArguments: readonly string[], soak: boolean): Promise<void> {
  const progress = new Progress();
  const results = join(testHome(surroundings).path, 'results.json');
  const seed = surroundings.env.APEX_TEST_SEED ?? String(randomInt(LARGEST_SEED));
  const signal = stopSignal();
  const code = await withTestBed(surroundings, progress, { cluster: true, signal }, async (env) => {
    await seedImages(surroundings, env, progress, signal);
    // A run of some tests makes these only where one of them asks for it.
    if (jestArguments.every((argument) => argument.startsWith('-'))) {
      await prepareBuilder(surroundings, env, progress, signal);
      // Without these, the tests that drive them fail and say so; the others run.
      await prepareS3Server(surroundings, progress, signal).catch((error: unknown) => progress.say(messageOf(error)));
      await findBrowser(progress).catch((error: unknown) => progress.say(messageOf(error)));
    }
    if (soak) progress.say(`Full size, APEX_TEST_SEED=${seed}`);
    mkdirSync(dirname(results), { recursive: true });
    rmSync(results, { force: true });
    return runAttached(['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', join('node_modules', 'jest', 'bin', 'jest.js'), '--json', `--outputFile=${results}`, ...jestArguments], {
      cwd: surroundings.root,
      env: { ...env, NODE_ENV: 'test', APEX_TEST_SEED: seed, ...(soak ? { APEX_SOAK: '1' } : {}) },
    }, signal);
  });
  const { passed, failed } = count(results);
  process.exitCode = code || (failed || !passed ? 1 : 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}

/** A file that could not run at all counts as one failure. */
function count(results: string): { passed: number; failed: number } {
  const read = RESULTS.safeParse(readJson(results)).data;
  if (!read) return { passed: 0, failed: 0 };
  return { passed: read.numPassedTests, failed: read.numFailedTests + read.numRuntimeErrorTestSuites };
}
