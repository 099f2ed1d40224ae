import type { Command } from 'commander';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../problem.js';
import { Progress } from '../progress.js';
import { stopSignal } from '../stop-signal.js';
import type { Surroundings } from '../surroundings.js';
import { withTestBed } from '../test-bed.js';
import { runAttached } from './run-attached.js';

const ENDING = '.bench.ts';
/** Those that run on a cluster. */
const NEED_CLUSTER: ReadonlySet<string> = new Set(['build', 'logs']);

export function addBench(program: Command, surroundings: Surroundings): void {
  const names = benchNames(surroundings);
  program
    .command('bench')
    .description(`run a benchmark: ${names.join(', ') || 'there is none'}`)
    .argument('<name>')
    .argument('[arguments...]')
    .allowUnknownOption()
    .action(async (name: string, args: string[]) => {
      if (!names.includes(name)) throw new Problem(`There is no benchmark "${name}": choose one of ${names.join(', ')}.`);
      const signal = stopSignal();
      process.exitCode = await withTestBed(surroundings, new Progress(), { cluster: NEED_CLUSTER.has(name), signal }, (env) =>
        runAttached(['--enable-source-maps', join('bench', name + ENDING), ...args], { cwd: surroundings.root, env }, signal),
      );
    });
}

function benchNames({ root }: Surroundings): string[] {
  const folder = join(root, 'bench');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(ENDING)).map((name) => name.slice(0, -ENDING.length));
}
