import type { Command } from 'commander';
import { Progress } from '../progress.js';
import { stopSignal } from '../stop-signal.js';
import { cachePath, type Surroundings } from '../surroundings.js';
import { withTestBed } from '../test-bed.js';

export function addImages(program: Command, surroundings: Surroundings): void {
  program
    .command('images')
    .description("for development: make the documentation's images (nginx:alpine …) from Debian's packages, for the embedded cluster")
    .action(async () => {
      const progress = new Progress();
      const signal = stopSignal();
      await withTestBed(surroundings, progress, { cluster: true, signal }, (env) => seedImages(surroundings, env, progress, signal));
    });
}

/** Makes the images that are missing and pushes them to the embedded node's registry; another cluster pulls its own. */
export async function seedImages(surroundings: Surroundings, env: NodeJS.ProcessEnv, progress: Progress, signal: AbortSignal): Promise<void> {
  if (!env.APEX_NODE_DIR) return;
  const node = await import('../../node/images.js');
  await progress.step("Making the documentation's images", async (step) => {
    const names = await node.seedImages({ cacheDir: cachePath(surroundings), signal, onProgress: (message) => step.at(message.replace(/\.$/, '')) });
    step.becomes(`The embedded registry has ${names.join(', ')}`);
  });
}

/** Makes BuildKit for the tests of builds, on its own: beside them, on a machine that has never built, it would take a quarter of an hour. */
export async function prepareBuilder(surroundings: Surroundings, env: NodeJS.ProcessEnv, progress: Progress, signal: AbortSignal): Promise<void> {
  if (!env.APEX_NODE_DIR) return;
  const node = await import('../../node/builder.js');
  await progress.step('Making the builder of images', async (step) => {
    const { image } = await node.prepareBuilder({ cacheDir: cachePath(surroundings), signal, onProgress: (message) => step.at(message.replace(/\.$/, '')) });
    step.becomes(`The builder of images is ${image}`);
  });
}

/** Compiles the S3 server of the tests, for the same reason. */
export async function prepareS3Server(surroundings: Surroundings, progress: Progress, signal: AbortSignal): Promise<void> {
  const node = await import('../../node/s3-server.js');
  await progress.step('Making the S3 server of the tests', async (step) => {
    await node.prepareS3Server({ cacheDir: cachePath(surroundings), signal });
    step.becomes('The S3 server of the tests is made');
  });
}
