import { EmbeddedCluster } from './cluster/embedded.js';
import { EmbeddedPostgres } from './database/embedded-postgres.js';
import type { Home } from './home.js';
import { ProcessRecords } from './process/records.js';
import type { Progress } from './progress.js';
import { ServerProcess } from './server/server-process.js';
import type { Surroundings } from './surroundings.js';

export type Part = 'server' | 'node' | 'postgres';
export const ALL_PARTS: ReadonlySet<Part> = new Set<Part>(['server', 'node', 'postgres']);

/** Stops these parts of a home, each in its own time, and says so. Answers whether anything ran. */
export async function takeDown(surroundings: Surroundings, home: Home, progress: Progress, parts = ALL_PARTS): Promise<boolean> {
  return home.exclusively('down', async () => {
    let any = false;
    const record = new ProcessRecords(home.path).find('server');
    const server = new ServerProcess(surroundings, home);
    if (parts.has('server') && server.find()) {
      any = true;
      await progress.step('Stopping the server', async (step) => {
        await server.stop();
        step.becomes('The server is stopped');
      });
    }
    if (parts.has('node') && record?.cluster === 'embedded') {
      any = true;
      await new EmbeddedCluster(surroundings, home).release(record.pid, progress);
    }
    if (parts.has('server')) new ProcessRecords(home.path).forget('server');
    const postgres = new EmbeddedPostgres(home.path);
    if (parts.has('postgres') && postgres.find()) {
      any = true;
      await progress.step('Stopping PostgreSQL', async (step) => {
        await postgres.stop();
        step.becomes('PostgreSQL is stopped');
      });
    }
    return any;
  });
}
