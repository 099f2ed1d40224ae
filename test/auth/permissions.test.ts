import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildASTSchema, execute, parse } from 'graphql';
import { guardSchema } from '../../src/auth/guard-schema.js';
import { PERMISSIONS } from '../../src/auth/permissions.js';
import { TOKEN_SCOPES, type Actor, type TokenScope } from '../../src/context.js';
import { Role } from '../../src/entities/roles.js';
import { documentFor, NESTED_SAMPLES, PUBLIC_TYPES, rootTypes, SAMPLES, type Sample } from '../support/samples.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { createWorld, NOWHERE, type World } from '../support/world.js';

const WEAKER: Record<TokenScope, TokenScope[]> = { read: [], deploy: ['read'], admin: ['read', 'deploy'] };
const ENOUGH: Record<TokenScope, TokenScope[]> = { read: ['read', 'deploy', 'admin'], deploy: ['deploy', 'admin'], admin: ['admin'] };
const ROLES = [Role.VIEWER, Role.DEVELOPER, Role.ADMIN, Role.OWNER];
const GUARDED = SAMPLES.filter(({ scope }) => !['public', 'webhook', 'schedule'].includes(scope)).map((sample) => [sample.coordinate, sample] as const);

describe('permissions', () => {
  let api: TestApi;
  let ada: TestAccount;
  let members: TestAccount[];

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    members = await Promise.all(ROLES.map((role) => api.account(role)));
    api.orchestrator.batches.push({ lines: [], dropped: 0, gap: false, cursor: null });
  });
  afterAll(() => api.stop());

  const code = async (token: string | null, { coordinate, variables }: Sample, world: World): Promise<string | undefined> => {
    const text = documentFor(api.schema, coordinate);
    if (!coordinate.startsWith('Subscription.') || token === null) return (await api.run(token, text, variables(world))).code;
    const subscription = await api.subscribe(token, text, variables(world));
    const answer = await subscription.next();
    subscription.leave();
    return answer?.code;
  };

  test('are for every root field, and are as expected', () => {
    const coordinates = rootTypes(api.schema).flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
    expect(SAMPLES.map(({ coordinate }) => coordinate).sort()).toEqual(coordinates.sort());
    for (const { coordinate, scope, role, service, operator } of SAMPLES) {
      expect([coordinate, PERMISSIONS[coordinate]]).toEqual([coordinate, { scope, role, ...(service && { service }), ...(operator && { operator }) }]);
    }
  });

  test('are for every type and every field with a line of its own, and are as expected', () => {
    const others = Object.entries(PERMISSIONS).filter(([coordinate]) => !/^(Query|Mutation|Subscription)\./.test(coordinate));
    const wanted = new Map<string, object>(NESTED_SAMPLES.map(({ coordinate, scope, role, service }) => [coordinate, { scope, role, ...(service && { service }) }]));
    for (const [coordinate, line] of others) expect([coordinate, line]).toEqual([coordinate, wanted.get(coordinate) ?? { scope: PUBLIC_TYPES.includes(coordinate) ? 'public' : 'read', role: null }]);
    expect(others.map(([coordinate]) => coordinate)).toEqual(expect.arrayContaining([...wanted.keys(), ...PUBLIC_TYPES]));
  });

  test.each(GUARDED.filter(([coordinate]) => !coordinate.startsWith('Subscription.')))('%s without a token is refused', async (_, sample) => {
    expect(await code(null, sample, NOWHERE)).toBe('UNAUTHENTICATED');
  });

  test.each(GUARDED)('%s needs its scope', async (_, sample) => {
    for (const weaker of WEAKER[sample.scope as TokenScope]) {
      const before = await api.counts();
      const token = await api.tokenOf(ada, { scopes: [weaker] });
      expect(await code(token, sample, NOWHERE)).toBe('FORBIDDEN');
      expect(await api.counts()).toEqual({ ...before, 'public.token': before['public.token']! + 1 });
    }
    if (sample.operator) return;
    for (const enough of ENOUGH[sample.scope as TokenScope]) {
      expect(await code(await api.tokenOf(ada, { scopes: [enough] }), sample, NOWHERE)).not.toBe('FORBIDDEN');
    }
  });

  test.each(GUARDED.filter(([, { role }]) => role !== null))('%s needs (after its scope) its role', async (_, sample) => {
    for (const [index, role] of ROLES.entries()) {
      const world = await createWorld(api, ada);
      await api.addMember(world.teamId, members[index]!, role);
      const isAllowed = index >= ROLES.indexOf(sample.role!);
      expect([role, await code(members[index]!.token, sample, world)]).toEqual([role, isAllowed ? undefined : 'FORBIDDEN']);
    }
  });

  test('what is for the door of the webhooks is for nobody else', async () => {
    const own = SAMPLES.filter(({ scope }) => scope === 'webhook');
    expect(own.map(({ coordinate }) => coordinate)).toEqual(['Mutation.receiveGithubEvent', 'Mutation.receiveGiteaEvent']);
    const before = await api.counts();
    for (const { coordinate, variables } of own) {
      const ask = async (actor: Actor) => (await api.runAs(actor, documentFor(api.schema, coordinate), variables(NOWHERE))).code;
      expect(await ask({ kind: 'anonymous' })).toBe('UNAUTHENTICATED');
      expect(await ask({ kind: 'account', accountId: ada.id, tokenId: ada.tokenId, scopes: new Set(TOKEN_SCOPES), teamId: null, isOperator: true })).toBe('FORBIDDEN');
      expect(await ask({ kind: 'machine', tokenId: ada.tokenId, scopes: new Set(TOKEN_SCOPES), teamId: ada.teamId })).toBe('FORBIDDEN');
      expect(await ask({ kind: 'system', name: 'schedule' })).toBe('FORBIDDEN');
      // Let in, and refused for want of a signature.
      expect(await ask({ kind: 'system', name: 'webhook' })).toBe('UNAUTHENTICATED');
    }
    expect(await api.counts()).toEqual(before);
  });

  test("what is for the server's clocks is for nobody else", async () => {
    const own = SAMPLES.filter(({ scope }) => scope === 'schedule');
    expect(own.length).toBeGreaterThan(0);
    for (const { coordinate, variables } of own) {
      const ask = async (actor: Actor) => (await api.runAs(actor, documentFor(api.schema, coordinate), variables(NOWHERE))).code;
      expect(await ask({ kind: 'anonymous' })).toBe('UNAUTHENTICATED');
      expect(await ask({ kind: 'account', accountId: ada.id, tokenId: ada.tokenId, scopes: new Set(TOKEN_SCOPES), teamId: null, isOperator: true })).toBe('FORBIDDEN');
      expect(await ask({ kind: 'machine', tokenId: ada.tokenId, scopes: new Set(TOKEN_SCOPES), teamId: ada.teamId })).toBe('FORBIDDEN');
      expect(await ask({ kind: 'system', name: 'webhook' })).toBe('FORBIDDEN');
      expect(await ask({ kind: 'system', name: 'schedule' })).toBeUndefined();
    }
  });

  test('a field, a type or a line too many stops the boot, by name', () => {
    const guard = (sdl: string, lines: Parameters<typeof guardSchema>[1]) => () => guardSchema(buildASTSchema(parse(sdl)), lines);
    const read = { scope: 'read', role: null } as const;
    expect(guard('type Query { a: Int b: Int }', { 'Query.a': read })).toThrow('Query.b has no line');
    expect(guard('type Query { a: Secret } type Secret { b: Int }', { 'Query.a': read })).toThrow('Secret has no line');
    expect(guard('type Query { a: Int } type Mutation { b: Int }', { 'Query.a': read, Mutation: read })).toThrow('Mutation.b has no line');
    expect(guard('type Query { a: Int }', { 'Query.a': read, 'Query.b': read, Gone: read })).toThrow('"Query.b" is not in the schema; "Gone" is not in the schema');
    expect(guard('type Query { a: Int }', { 'Query.a': read })).not.toThrow();
    expect(guard('type Query { a: Secret } type Secret { b: Int }', { 'Query.a': read, Secret: { scope: 'read', role: Role.ADMIN } })).toThrow('Secret (a role is asked for by a field, not by a type) has no line');
  });

  test("what a type asks for beyond reading is asked of each of its fields, but for those with a line of their own", async () => {
    const schema = buildASTSchema(parse('type Query { a: Secret } type Secret { b: Int c: Int }'));
    const read = { scope: 'read', role: null } as const;
    guardSchema(schema, { 'Query.a': read, Secret: { scope: 'admin', role: null }, 'Secret.c': read });
    const ask = async (scopes: TokenScope[]) => {
      const actor: Actor = { kind: 'account', accountId: ada.id, tokenId: ada.tokenId, scopes: new Set(scopes), teamId: null, isOperator: false };
      const { data, errors } = await execute({ schema, document: parse('{ a { b c } }'), rootValue: { a: { b: 1, c: 2 } }, contextValue: { actor } });
      return [JSON.parse(JSON.stringify(data)), errors?.map(({ message }) => message)];
    };
    expect(await ask(['read'])).toEqual([{ a: { b: null, c: 2 } }, ['This token lacks the scope "admin".']]);
    expect(await ask(['admin'])).toEqual([{ a: { b: 1, c: 2 } }, undefined]);
  });
});
