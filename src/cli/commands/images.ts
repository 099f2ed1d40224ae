import type { Command } from 'commander';
import { join } from 'node:path';
import { Problem } from '../problem.js';
import { Progress } from '../progress.js';
import { stopSignal } from '../stop-signal.js';
import type { Surroundings } from '../surroundings.js';
import { withTestBed } from '../test-bed.js';
import { runAttached } from './run-attached.js';

export function addImages(program: Command, surroundings: Surroundings): void {
  program
    .command('images')
    .description("for development: make the documentation's images (nginx:alpine …) from Debian's packages, for the embedded cluster")
    .action(() => withTestBed(surroundings, new Progress(), { cluster: true, signal: stopSignal() }, (env) => seedImages(surroundings, env)));
}

/** Makes the images where they are missing and pushes them to the embedded node's registry; another cluster pulls its own. */
export async function seedImages({ dist, root }: Surroundings, env: NodeJS.ProcessEnv): Promise<void> {
  if (!env.APEX_NODE_DIR) return;
  const code = await runAttached(['--enable-source-maps', join(dist, 'node', 'main.js'), 'images'], { cwd: root, env });
  if (code !== 0) throw new Problem('The images could not be made (see above).', code);
}
