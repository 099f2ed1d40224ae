import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDatabase, migrate } from '../../src/entities/database.js';
import { grantRights, roleOf } from '../../src/entities/database-rights.js';
import { Role } from '../../src/entities/roles.js';
import { createRateLimiter } from '../../src/limits/rate-limiter.js';
import { createLogger } from '../../src/logger.js';
import { CREATE_TEAM } from '../support/operations.js';
import { graphql } from '../support/http.js';
import { documentFor, SAMPLES } from '../support/samples.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { createTwoRoleDatabase, type TwoRoles } from '../support/test-database.js';
import { startTestServer } from '../support/test-server.js';
import { createWorld } from '../support/world.js';

const logger = createLogger('silent');

/** What would take a line of the log away, or what guards it. */
const FORGERIES = [
  "update audit_event set action = 'nothing'", 'delete from audit_event', 'truncate audit_event', 'alter table audit_event disable trigger all', 'drop trigger audit_event_is_kept on audit_event',
  'drop table audit_event', "create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end'",
  "update migration set name = 'nothing'",
];

describe('where another role owns the tables', () => {
  let database: TwoRoles;
  let api: TestApi;
  let ada: TestAccount;

  beforeAll(async () => {
    database = await createTwoRoleDatabase();
    const owner = await createDatabase(database.ownerUrl, logger);
    await migrate(owner);
    await grantRights(owner, await roleOf(database.orm));
    await owner.close(true);
    api = await TestApi.start({ database });
    ada = await api.account('Ada');
  });
  afterAll(() => api.stop());

  test('the server does all that it does', async () => {
    for (const { coordinate, variables } of SAMPLES.filter(({ scope, operator }) => !['public', 'webhook', 'schedule'].includes(scope) && !operator).filter(({ coordinate }) => !coordinate.startsWith('Subscription.') && coordinate !== 'Mutation.signOut')) {
      const world = await createWorld(api, ada);
      if (coordinate === 'Mutation.leaveTeam') await api.addMember(world.teamId, await api.account('Another'), Role.OWNER);
      const answer = await api.run(ada.token, documentFor(api.schema, coordinate), variables(world));
      expect([coordinate, answer.code, answer.message]).toEqual([coordinate, undefined, undefined]);
      await api.em.execute('delete from costly_call');
    }
    const limiter = createRateLimiter(database.url, 1, logger);
    await limiter.start();
    expect([(await limiter.consume('192.0.2.1'))!.allowed, (await limiter.consume('192.0.2.1'))!.allowed]).toEqual([true, false]);
    await limiter.stop();
  }, 120_000);

  test.each(FORGERIES)('it cannot: %s', async (sql) => {
    const lines = async () => (await api.em.execute<[{ count: string }]>('select count(*) from audit_event'))[0].count;
    const before = await lines();
    expect(Number(before)).toBeGreaterThan(0);
    await expect(api.em.execute(sql)).rejects.toMatchObject({ code: '42501' });
    expect(await lines()).toBe(before);
  });

  test('nor can the owner change a line by the way, and to grant the rights again changes nothing', async () => {
    const owner = await createDatabase(database.ownerUrl, logger);
    try {
      await migrate(owner);
      await grantRights(owner, await roleOf(database.orm));
      for (const sql of FORGERIES.slice(0, 3)) await expect(owner.em.fork().execute(sql)).rejects.toThrow('audit_event is append-only');
    } finally {
      await owner.close(true);
    }
  });
});

test('a server boots so from nothing, and serves', async () => {
  const database = await createTwoRoleDatabase();
  const server = await startTestServer({ env: { DATABASE_URL: database.url, APEX_OWNER_DATABASE_URL: database.ownerUrl, APEX_RATE_LIMIT: '1000' } });
  try {
    expect((await graphql(server.url, server.token, CREATE_TEAM, { input: { name: 'Engineering' } })).body.data.createTeam.name).toBe('Engineering');
    await expect(database.orm.em.fork().execute('delete from audit_event')).rejects.toMatchObject({ code: '42501' });
    expect(server.log()).not.toContain('permission denied');
  } finally {
    await server.stop();
    await database.drop();
  }
});
