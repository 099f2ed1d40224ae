import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '../../src/logger.js';
import { createPgEvents, type PgEvents } from '../../src/queue/pg-events.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let events: PgEvents;
beforeAll(async () => {
  database = await createTestDatabase();
  events = createPgEvents(database.url, createLogger('silent'));
  await events.start();
});
afterAll(async () => {
  await events.stop();
  await database.drop();
});

const tell = (serviceId: string): Promise<unknown> =>
  database.orm.em.fork().execute(`select pg_notify('apex_events', ?)`, [JSON.stringify({ topic: 'service.changed', serviceId, teamId: 't' })]);

test('each subscriber of a topic gets each event, from the moment of subscribing', async () => {
  const leaving = new AbortController();
  const subscriptions = [0, 1].map(() => events.subscribe('service.changed', leaving.signal)[Symbol.asyncIterator]());
  const other = events.subscribe('access.ended', leaving.signal)[Symbol.asyncIterator]();
  await tell('one');
  await tell('two');
  for (const subscription of subscriptions) {
    expect((await subscription.next()).value).toEqual({ serviceId: 'one', teamId: 't' });
    expect((await subscription.next()).value).toEqual({ serviceId: 'two', teamId: 't' });
  }
  const silent = other.next();
  leaving.abort();
  expect(await silent).toEqual({ done: true, value: undefined });
  expect((await subscriptions[0]!.next()).done).toBe(true);
});

test('a lost connection is made again, subscribers are told to read afresh, and events go on', async () => {
  const leaving = new AbortController();
  const subscription = events.subscribe('service.changed', leaving.signal)[Symbol.asyncIterator]();
  await database.orm.em.fork().execute(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'apex-events' and datname = current_database()`);
  expect((await subscription.next()).value).toBeNull();
  await tell('three');
  expect((await subscription.next()).value).toEqual({ serviceId: 'three', teamId: 't' });
  leaving.abort();
});
