import type { ExistingCluster } from '../../node/existing-cluster.js';
import { removeInstallationObjects } from '../../node/installation-objects.js';
import { nodePaths } from '../../node/node-paths.js';
import { readStatus } from '../../node/node-status.js';
import { ownerUrl } from '../database/access.js';
import { dataVersion, findDataFolder } from '../database/data-folder.js';
import { EmbeddedPostgres } from '../database/embedded-postgres.js';
import { readInstallationId } from '../database/installation-id.js';
import type { Home } from '../home.js';
import { messageOf, Problem } from '../problem.js';
import type { Progress } from '../progress.js';
import type { Surroundings } from '../surroundings.js';
import { takeDown } from '../take-down.js';
import { EmbeddedCluster } from './embedded.js';

const DEADLINE_MS = 180_000;

/** Removes all that this installation has in the cluster that it last used, and stops its server, which would make it anew. */
export async function removeFromCluster(surroundings: Surroundings, home: Home, progress: Progress, signal: AbortSignal): Promise<void> {
  const cluster = home.lastUp?.cluster;
  if (!cluster || cluster.kind === 'none') return;
  const installationId = await findInstallationId(surroundings, home, progress);
  if (!installationId) return;
  if (cluster.kind !== 'embedded') {
    await takeDown(surroundings, home, progress, new Set(['server'] as const));
    await remove(cluster, installationId, progress);
    return;
  }
  if (readStatus(nodePaths(cluster.folder)).state === 'absent') return;
  const embedded = new EmbeddedCluster(surroundings, home);
  // This command uses the node from now on, so that stopping the server does not take it down too early.
  await embedded.ensureReady(process.pid, progress, signal);
  try {
    await takeDown(surroundings, home, progress, new Set(['server'] as const));
    await remove({ kind: 'kubeconfig', path: nodePaths(cluster.folder).kubeconfig }, installationId, progress);
  } finally {
    await embedded.release(process.pid, progress);
  }
}

async function findInstallationId(surroundings: Surroundings, home: Home, progress: Progress): Promise<string | null> {
  if (surroundings.env.DATABASE_URL) return readInstallationId(surroundings.env.DATABASE_URL);
  const folder = findDataFolder(home.path);
  if (!folder || !dataVersion(folder)) return null;
  const { access } = await new EmbeddedPostgres(home.path).ensureRunning(progress);
  return readInstallationId(ownerUrl(access));
}

async function remove(cluster: ExistingCluster, installationId: string, progress: Progress): Promise<void> {
  await progress.step('Removing what this installation has in the cluster', async (step) => {
    try {
      await removeInstallationObjects(cluster, installationId, { deadlineMs: DEADLINE_MS, onProgress: (left) => step.at(`${left} left`) });
    } catch (error) {
      throw new Problem(`${messageOf(error)} To remove the rest without it, run "./apex down --purge --no-cluster".`);
    }
    step.becomes('Removed what this installation had in the cluster');
  });
}
