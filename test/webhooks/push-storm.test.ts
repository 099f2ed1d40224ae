import { expect, it } from '@jest/globals';
import { pushStorm } from './push-storm.js';

/** Then it counts a delivery as failed. */
const GITHUB_WAITS_MS = 10_000;

it('many pushes at once, while the cluster is away: each is taken, each has one outcome, the newest commit of each service ends LIVE', async () => {
  const storm = await pushStorm({ services: 6, pushes: 48, seconds: 1.5, awaySeconds: 1 });
  expect(storm).toMatchObject({ statuses: { 200: 48 }, untold: 0, behind: [] });
  expect(storm.milliseconds.max).toBeLessThan(GITHUB_WAITS_MS);
}, 300_000);
