import { join } from 'node:path';
import { clusterVariables, type ClusterChoice } from './cluster/choice.js';
import { chooseCluster } from './cluster/choose.js';
import { EmbeddedCluster } from './cluster/embedded.js';
import { adminUrl } from './database/access.js';
import { EmbeddedPostgres } from './database/embedded-postgres.js';
import { Home } from './home.js';
import type { Progress } from './progress.js';
import { homePath, type Surroundings } from './surroundings.js';

export interface TestBedOptions {
  readonly cluster: boolean;
  readonly signal: AbortSignal;
}

/** Where tests and benchmarks keep what is theirs. */
export function testHome(surroundings: Surroundings): Home {
  return new Home(join(homePath(surroundings), 'test'));
}

/**
 * Runs `work` with a PostgreSQL of its own and, if asked for, a cluster, and stops afterwards what it started. `work`
 * gets the environment in which they are found: TEST_DATABASE_URL (may create databases), KUBECONFIG or APEX_NODE_DIR.
 */
export async function withTestBed<T>(surroundings: Surroundings, progress: Progress, { cluster, signal }: TestBedOptions, work: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  const home = testHome(surroundings);
  home.make();
  let told = false;
  const onWait = () => {
    signal.throwIfAborted();
    if (!told) progress.say('Another run is under way in this checkout: waiting for its end.');
    told = true;
  };
  return home.exclusively('up', async () => {
    const postgres = new EmbeddedPostgres(home.path, 'volatile');
    const embedded = new EmbeddedCluster(surroundings, home);
    let choice: ClusterChoice = { kind: 'none' };
    try {
      const url = surroundings.env.TEST_DATABASE_URL ?? adminUrl((await postgres.ensureRunning(progress)).access);
      if (cluster) choice = await chooseCluster(surroundings, progress);
      if (choice.kind === 'embedded') await embedded.ensureReady(process.pid, progress, signal);
      const { DATABASE_URL: _theirs, APEX_HOME: _home, ...env } = surroundings.env;
      return await work({ ...env, ...clusterVariables(choice), TEST_DATABASE_URL: url });
    } finally {
      try {
        if (choice.kind === 'embedded') await embedded.release(process.pid, progress);
      } finally {
        await postgres.stop();
      }
    }
  }, onWait);
}
