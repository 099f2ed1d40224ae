import type { Command } from 'commander';
import { removeDataFolder } from '../database/data-folder.js';
import { Home } from '../home.js';
import { Progress } from '../progress.js';
import { stopSignal } from '../stop-signal.js';
import { homePath, type Surroundings } from '../surroundings.js';
import { takeDown } from '../take-down.js';

interface DownOptions {
  readonly purge?: boolean;
  readonly cluster: boolean;
}

export function addDown(program: Command, surroundings: Surroundings): void {
  program
    .command('down')
    .description('stop every process that "up" started; the data stays')
    .option('--purge', 'also remove this installation for good: its data, its keys, what it has in the cluster')
    .option('--no-cluster', 'with --purge: leave what it has in the cluster (one that is gone, say)')
    .action((options: DownOptions) => down(surroundings, options));
}

async function down(surroundings: Surroundings, { purge = false, cluster }: DownOptions): Promise<void> {
  const progress = new Progress();
  const home = new Home(homePath(surroundings));
  if (!home.exists()) {
    progress.say(`There is no installation in ${home.path}, so nothing runs.`);
    return;
  }
  if (purge && cluster) {
    const { removeFromCluster } = await import('../cluster/remove-from-cluster.js');
    await removeFromCluster(surroundings, home, progress, stopSignal());
  }
  const any = await takeDown(surroundings, home, progress);
  if (!any) progress.say('Nothing was running.');
  if (!purge) return;
  removeDataFolder(home.path);
  home.remove();
  progress.say(`Removed ${home.path}${surroundings.env.DATABASE_URL ? '; the database of DATABASE_URL is yours and stays' : ''}.`);
}
