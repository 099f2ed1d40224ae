import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TestApi } from '../support/test-api.js';
import { openDoors } from '../support/test-doors.js';
import { endAccess } from './ended-access.js';

const COPIES = 10;
const MOST_MS = 2_000;

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

test('many at once end within two seconds', async () => {
  const endings = await endAccess(api, doors.url, COPIES);
  const slowest = endings.sort((one, other) => other.milliseconds - one.milliseconds).slice(0, 3);
  process.stdout.write(`ended accesses: ${endings.length} streams and sockets, the slowest after ${slowest.map(({ milliseconds }) => Math.round(milliseconds)).join(', ')} ms\n`);
  expect(endings.filter(({ said, milliseconds }) => said === null || milliseconds > MOST_MS)).toEqual([]);
}, 120_000);
