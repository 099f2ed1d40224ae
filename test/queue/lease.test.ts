import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LeaseLost, requireFence, type Fence } from '../../src/entities/fence.js';
import { createLogger } from '../../src/logger.js';
import { withLease } from '../../src/queue/lease.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const logger = createLogger('silent');
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const write = (fence: Fence): Promise<void> => database.orm.em.fork().transactional((tx) => requireFence(tx, fence));
const expire = (key: string): Promise<unknown> => database.orm.em.fork().execute(`update lease set expires_at = date_trunc('milliseconds', now()) where key = ?`, [key]);

test('a held lease lets its holder write and keeps others out', async () => {
  const result = await withLease(database.orm, 'service/a', logger, async ({ fence }) => {
    await write(fence);
    return withLease(database.orm, 'service/a', logger, async () => 'two holders');
  });
  expect(result).toBeNull();
  expect(await withLease(database.orm, 'service/a', logger, async () => 'free again')).toBe('free again');
});

test('a worker whose lease ran out cannot write once another has the key', async () => {
  await withLease(database.orm, 'service/b', logger, async ({ fence: stopped }) => {
    await expire('service/b');
    await withLease(database.orm, 'service/b', logger, async ({ fence }) => {
      expect(fence.fence).toBeGreaterThan(stopped.fence);
      await write(fence);
      await expect(write(stopped)).rejects.toThrow(LeaseLost);
    });
    await expect(write(stopped)).rejects.toThrow(LeaseLost);
  });
});

test('nobody takes a key over between the check and the commit', async () => {
  await withLease(database.orm, 'service/c', logger, async ({ fence }) => {
    await expire('service/c');
    const order: string[] = [];
    let takeover: Promise<unknown> | undefined;
    await database.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, fence);
      takeover = withLease(database.orm, 'service/c', logger, async () => order.push('taken over'));
      await tx.execute('select pg_sleep(0.2)');
      order.push('committed');
    });
    await takeover;
    expect(order).toEqual(['committed', 'taken over']);
  });
});
