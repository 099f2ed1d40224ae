import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../acceptance/rest-client.js';
import type { Installation } from './server-process.js';

const BUSY = `select id from pgboss.job where name = 'reconcile' and (state = 'active' or (state < 'active' and start_after <= now() + interval '2 seconds'))`;

/** No look at a key is at work or due. */
export async function untilIdle(installation: Installation, seconds = 180): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet += 1) {
    await until('nothing is left to look at', () => installation.rows(BUSY), (jobs) => jobs.length === 0, seconds);
    await pause(300);
  }
}
