import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TestApi } from '../support/test-api.js';
import { openDoors } from '../support/test-doors.js';
import { endAccess } from './ended-access.js';

let api: TestApi;
let doors: { url: string; close: () => Promise<void> };

beforeAll(async () => {
  api = await TestApi.start();
  doors = await openDoors(api);
});
afterAll(async () => {
  await doors.close();
  await api.stop();
});

test('what was open ends with the access, through every door, and says why', async () => {
  const endings = await endAccess(api, doors.url);
  process.stdout.write(`ended accesses: ${endings.length} streams and sockets, the slowest after ${Math.round(Math.max(...endings.map(({ milliseconds }) => milliseconds)))} ms\n`);
  expect(endings.length).toBe(6 * 5 + 4);
  const told = endings.map(({ how, door, said }) => [how, door, said]);
  for (const [how, door, said] of told) expect([how, door, said]).toEqual([how, door, how!.includes('member') && !how!.includes('held') ? 'NOT_FOUND' : door!.includes('WebSocket') ? expect.stringMatching(/UNAUTHENTICATED|4401/) : 'UNAUTHENTICATED']);
  expect(api.orchestrator.following).toBe(0);
}, 60_000);
