import { NODE_DIR } from '../../node/node-paths.js';
import { Problem } from '../problem.js';
import type { Progress } from '../progress.js';
import { cachePath, type Surroundings } from '../surroundings.js';
import type { ClusterChoice } from './choice.js';

const ARCHITECTURES: readonly string[] = ['x64', 'arm64'];

/** The cluster that is configured on this machine and answers, else the embedded node. */
export async function chooseCluster(surroundings: Surroundings, progress: Progress): Promise<ClusterChoice> {
  const { findExistingCluster } = await import('../../node/existing-cluster.js');
  const { found, refusals } = await findExistingCluster(surroundings.env);
  if (found) return found;
  for (const refusal of refusals) progress.say(`${refusal} The embedded cluster is used in its place.`);
  if (!ARCHITECTURES.includes(process.arch)) {
    throw new Problem(`The embedded cluster runs on ${ARCHITECTURES.join(' and ')} only, and this machine is ${process.arch}: set KUBECONFIG to a cluster that you have, or use --no-cluster.`);
  }
  // Told now, before anything is started; the bring-up itself looks again.
  const { checkPrerequisites } = await import('../../node/embedded-node.js');
  checkPrerequisites({ cacheDir: cachePath(surroundings) });
  return { kind: 'embedded', folder: NODE_DIR };
}
