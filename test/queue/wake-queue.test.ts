import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EntityManager } from '@mikro-orm/postgresql';
import { createLogger } from '../../src/logger.js';
import { WakeQueue, type LookResult } from '../../src/queue/wake-queue.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const logger = createLogger('silent');
const NEVER: LookResult = { again: 'never' };
let database: TestDatabase;
let queue: WakeQueue;
/** What the next looks at a key do. */
const looks = new Map<string, () => Promise<LookResult>>();

beforeAll(async () => {
  database = await createTestDatabase();
  queue = new WakeQueue(database.url, logger);
  await queue.start();
  await queue.work(async (key) => (await looks.get(key)?.()) ?? NEVER);
});
afterAll(async () => {
  await queue.stop();
  await database.drop();
});

const transaction = (work: (tx: EntityManager) => Promise<unknown>): Promise<unknown> => database.orm.em.fork().transactional(work);

/** Resolves when the key was looked at `times` times; collects what each look did. */
function looked(key: string, times: number, look: () => Promise<LookResult> = async () => NEVER): { done: Promise<number[]> } {
  const at: number[] = [];
  return {
    done: new Promise((resolve) =>
      looks.set(key, async () => {
        at.push(Date.now());
        const result = await look();
        if (at.length === times) resolve(at);
        return result;
      }),
    ),
  };
}

test('a wake-up happens if, and only if, its transaction commits', async () => {
  let early = false;
  const { done } = looked('service/committed', 1);
  looks.set('service/rolled-back', async () => ((early = true), NEVER));
  await expect(transaction(async (tx) => {
    await queue.wake(tx, 'service/rolled-back');
    throw new Error('no');
  })).rejects.toThrow('no');
  await transaction(async (tx) => queue.wake(tx, 'service/committed'));
  await done;
  expect(early).toBe(false);
});

test('a wake-up without a transaction is refused', async () => {
  await expect(queue.wake(database.orm.em.fork(), 'service/x')).rejects.toThrow('transaction');
});

test('one look at a key at a time; what waits meanwhile is answered by one more, at once', async () => {
  let active = 0;
  let most = 0;
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const { done } = looked('service/busy', 2, async () => {
    most = Math.max(most, ++active);
    await held;
    active--;
    return NEVER;
  });
  await queue.wakeAll(['service/busy']);
  while (active === 0) await new Promise((resolve) => setImmediate(resolve));
  await queue.wakeAll(Array.from({ length: 10 }, () => 'service/busy'));
  const freed = Date.now();
  release();
  const at = await done;
  expect(most).toBe(1);
  expect(at[1]! - freed).toBeLessThan(1_000);
  expect(await queue.counts()).toMatchObject({ waiting: 0 });
});

test('different keys are looked at side by side', async () => {
  const both = ['service/left', 'service/right'];
  let inside = 0;
  let meet!: () => void;
  const met = new Promise<void>((resolve) => (meet = resolve));
  const waits = both.map((key) => looked(key, 1, async () => {
    if (++inside === both.length) meet();
    await met;
    return NEVER;
  }).done);
  await queue.wakeAll(both);
  await Promise.all(waits);
});

test('a look that fails is tried again, and one that asks for it is repeated later', async () => {
  let attempts = 0;
  const { done: failing } = looked('service/failing', 2, async () => {
    if (++attempts === 1) throw new Error('the cluster hiccups');
    return NEVER;
  });
  const { done: later } = looked('service/later', 2, async () => ({ again: 'later', seconds: 1 }));
  await queue.wakeAll(['service/failing', 'service/later']);
  const [first, second] = await later;
  expect(second! - first!).toBeGreaterThanOrEqual(900);
  looks.set('service/later', async () => NEVER);
  await failing;
});
