import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { covers } from '../../src/auth/guard-schema.js';
import { issueToken } from '../../src/auth/issue-token.js';
import { PERMISSIONS, type Permission } from '../../src/auth/permissions.js';
import { TOKEN_SCOPES, type TokenScope } from '../../src/context.js';
import { Role, roleAtLeast } from '../../src/entities/roles.js';
import { TokenKind } from '../../src/entities/token.js';
import { ROUTES } from '../../src/rest/routes/all-routes.js';
import { http } from '../support/http.js';
import { documentOf, NESTED_SAMPLES, PUBLIC_TYPES, SAMPLES, type Sample } from '../support/samples.js';
import { TestApi, type TestAccount } from '../support/test-api.js';
import { coordinateOf, openDoors, requestOf } from '../support/test-doors.js';
import { createWorld, NOWHERE, type World } from '../support/world.js';

/** Who asks: with what, and what the table should say of it. */
interface Actor {
  name: string;
  token: (cast: Cast) => string | null;
  /** No token that is good. */
  isNobody?: true;
  scopes?: readonly TokenScope[];
  /** In the team of the world; null is no member, or held elsewhere. */
  role?: Role | null;
  isMachine?: true;
  /** Held to the world's service, or to another of its services. */
  service?: 'own' | 'other';
  isOperator?: true;
}

/** A world and the tokens of those who have to do with it. */
interface Cast {
  world: World;
  tokens: Record<string, string>;
}

const { VIEWER, DEVELOPER, ADMIN, OWNER } = Role;
const ACTORS: readonly Actor[] = [
  { name: 'no token', token: () => null, isNobody: true },
  { name: 'bad token', token: () => `apex_${'z'.repeat(43)}`, isNobody: true },
  ...['expired', 'revoked'].map((name): Actor => ({ name, token: ({ tokens }) => tokens[name]!, isNobody: true })),
  ...[VIEWER, DEVELOPER, ADMIN, OWNER].map((role): Actor => ({ name: role, token: ({ tokens }) => tokens[role]!, role })),
  { name: 'removed member', token: ({ tokens }) => tokens['removed']!, role: null },
  { name: 'owner, scope read', token: ({ tokens }) => tokens['read']!, scopes: ['read'], role: OWNER },
  { name: 'owner, scope deploy', token: ({ tokens }) => tokens['deploy']!, scopes: ['deploy'], role: OWNER },
  { name: 'owner, held to another team', token: ({ tokens }) => tokens['elsewhere']!, role: null },
  { name: 'owner, held to the service', token: ({ tokens }) => tokens['service']!, role: OWNER, service: 'own' },
  { name: 'owner, held to another service', token: ({ tokens }) => tokens['otherService']!, role: OWNER, service: 'other' },
  { name: 'machine, DEVELOPER', token: ({ tokens }) => tokens['machine']!, role: DEVELOPER, isMachine: true },
  { name: 'operator', token: ({ tokens }) => tokens['operator']!, role: null, isOperator: true },
  { name: 'operator, held to a team', token: ({ tokens }) => tokens['heldOperator']!, role: null },
];

/** What a token that is held to a team is refused although it is about no team. */
const NOT_FOR_HELD = ['Mutation.createTeam', 'Mutation.updateAccount'];
/** What an operation that needs no token answers to the sample's call: it is let in, and refused for what it says. */
const PUBLIC_ANSWERS: Record<string, string | null> = {
  'Mutation.signIn': 'UNAUTHENTICATED', 'Mutation.signUp': 'FORBIDDEN', 'Mutation.acceptInvitation': null,
  // Raw bytes cannot even be said in JSON: it is a bad request before anybody looks at who asks.
  'Mutation.receiveGithubEvent': null, 'Mutation.receiveGiteaEvent': null,
};
const ASKED: readonly Sample[] = [...SAMPLES, ...NESTED_SAMPLES];
const isRefusedToAll = ({ scope }: Sample): boolean => scope === 'public' || scope === 'webhook' || scope === 'schedule';

let api: TestApi;
let doors: { url: string; close: () => Promise<void> };
let people: Record<string, TestAccount>;
let foreign: World;

beforeAll(async () => {
  api = await TestApi.start();
  api.orchestrator.batches.push({ lines: [], dropped: 0, gap: false, cursor: null });
  doors = await openDoors(api);
  const names = [VIEWER, DEVELOPER, ADMIN, OWNER, 'stranger', 'removed', 'operator'];
  people = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await api.account(name)] as const)));
  await api.em.execute('update account set is_operator = true where id = ?', [people['operator']!.id]);
  foreign = await createWorld(api, people['stranger']!);
});
afterAll(async () => {
  await doors.close();
  await api.stop();
});

async function newCast(): Promise<Cast> {
  const owner = people[OWNER]!;
  const world = await createWorld(api, owner);
  for (const role of [VIEWER, DEVELOPER, ADMIN]) await api.addMember(world.teamId, people[role]!, role);
  const issue = async (wish: object) => (await api.em.transactional((tx) => issueToken(tx, { accountId: owner.id, teamId: null, name: 'matrix', scopes: TOKEN_SCOPES, expiresAt: null, ...wish }))).secret;
  const revoked = await issue({});
  await api.em.execute('update token set revoked_at = now() where hash = encode(sha256(?), \'hex\')', [Buffer.from(revoked)]);
  return {
    world,
    tokens: {
      ...Object.fromEntries([VIEWER, DEVELOPER, ADMIN, OWNER, 'removed', 'operator'].map((name) => [name, people[name]!.token])),
      revoked,
      expired: await issue({ expiresAt: new Date(Date.now() - 1_000) }),
      read: await issue({ scopes: ['read'] }),
      deploy: await issue({ scopes: ['deploy'] }),
      heldOperator: await api.tokenOf(people['operator']!, { teamId: people['operator']!.teamId }),
      elsewhere: await issue({ teamId: owner.teamId }),
      service: await issue({ teamId: world.teamId, serviceId: world.serviceId }),
      otherService: await issue({ teamId: world.teamId, serviceId: world.otherServiceId }),
      machine: await issue({ kind: TokenKind.MACHINE, accountId: null, teamId: world.teamId, role: DEVELOPER }),
    },
  };
}

/** The code that the table promises; null where the caller is let through. */
function expected(sample: Sample, actor: Actor, target: 'own' | 'other', door: string): string | null {
  // A field is asked for on an object that its root has to give first.
  const atRoot = sample.document ? expectedOf({ ...sample, scope: 'read', role: VIEWER }, actor, target, door) : null;
  return atRoot ?? expectedOf(sample, actor, target, door);
}

function expectedOf({ coordinate, scope, role, service, operator, account, noId }: Sample, actor: Actor, target: 'own' | 'other', door: string): string | null {
  // A header that is of no use is refused before anything is looked at, and a socket has one or is closed.
  if (scope === 'public' || scope === 'webhook') return actor.isNobody && (actor.name !== 'no token' || door === 'WebSocket') ? 'UNAUTHENTICATED' : PUBLIC_ANSWERS[coordinate]!;
  if (actor.isNobody) return 'UNAUTHENTICATED';
  if (scope === 'schedule') return 'FORBIDDEN';
  if (!covers(new Set(actor.scopes ?? TOKEN_SCOPES), scope as TokenScope)) return 'FORBIDDEN';
  if (actor.service && !service) return 'FORBIDDEN';
  if (operator) return actor.isOperator ? null : 'FORBIDDEN';
  if (actor.isMachine && account) return 'FORBIDDEN';
  const isHeld = actor.service !== undefined || actor.name.includes('held');
  if (noId) return isHeld && NOT_FOR_HELD.includes(coordinate) ? 'FORBIDDEN' : null;
  // A token of one service asks for it, or for all that it may see; not for a team's.
  if (target === 'other' || !actor.role || actor.service === 'other' || (actor.service && coordinate === 'Query.services')) return 'NOT_FOUND';
  if (coordinate === 'Mutation.revokeToken') return actor.role === OWNER && !actor.isMachine ? null : 'NOT_FOUND';
  return role === null || roleAtLeast(actor.role, role) ? null : 'FORBIDDEN';
}

interface Seen {
  code: string | null;
  /** The answer without its request's id. */
  text: string;
}

const withoutId = (text: string): string => text.replaceAll(/"requestId":"[^"]+"/g, '');
const REFUSALS = ['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND'];
const seen = (code: string | undefined, text: string): Seen => ({ code: code !== undefined && REFUSALS.includes(code) ? code : null, text: withoutId(text) });

async function overGraphql(sample: Sample, token: string | null, variables: Record<string, unknown>): Promise<Seen> {
  const answer = await http(`${doors.url}/graphql`, { token, json: { query: documentOf(api.schema, sample), variables } });
  return seen(answer.body.errors?.[0].extensions.code, answer.text);
}

async function overRest({ coordinate }: Sample, token: string | null, variables: Record<string, unknown>): Promise<Seen | null> {
  const route = ROUTES.find((one) => coordinateOf(one) === coordinate);
  if (!route) return null;
  const { path, json } = requestOf(route, variables);
  const answer = await http(doors.url + path, { method: route.method, token, json });
  return seen(answer.status < 400 ? undefined : answer.body.code, answer.text);
}

/** One operation over a socket of its own: a subscription is left after its first answer. */
function overWebSocket(sample: Sample, token: string | null, variables: Record<string, unknown>): Promise<Seen> {
  const client = createClient({ url: `${doors.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: token ? { Authorization: `Bearer ${token}` } : {} });
  return new Promise<Seen>((resolve) => {
    client.subscribe<unknown>(
      { query: documentOf(api.schema, sample), variables },
      {
        next: (result) => resolve(seen((result.errors?.[0]?.extensions as { code?: string } | undefined)?.code, JSON.stringify(result))),
        error: (error) => resolve((error as { code?: number }).code === 4401 ? { code: 'UNAUTHENTICATED', text: '' } : seen((error as { extensions: { code: string } }[])[0]?.extensions.code, JSON.stringify(error))),
        complete: () => resolve({ code: null, text: '' }),
      },
    );
  }).finally(() => void client.dispose());
}

test('every field and route, asked by everyone, of the own team and of another, through every door', async () => {
  const wrong: unknown[] = [];
  let cells = 0;
  let cast = await newCast();
  for (const sample of ASKED) {
    const isSubscription = sample.coordinate.startsWith('Subscription.');
    for (const actor of ACTORS) {
      for (const target of ['own', 'other'] as const) {
        const isAllowed = expected(sample, actor, target, 'GraphQL') === null;
        const changes = isAllowed && sample.coordinate.startsWith('Mutation.') && sample.coordinate !== 'Mutation.signOut';
        const doorsOf = changes && ![OWNER, 'machine, DEVELOPER'].includes(actor.name) ? ['GraphQL'] : isSubscription ? ['WebSocket'] : ['GraphQL', 'REST', 'WebSocket'];
        for (const door of doorsOf) {
          if (sample.noId && target === 'other') continue;
          const wanted = expected(sample, actor, target, door);
          const variables = sample.variables(target === 'own' ? cast.world : foreign);
          const ask = door === 'REST' ? overRest : door === 'WebSocket' ? overWebSocket : overGraphql;
          const answer = await ask(sample, actor.token(cast), variables);
          if (!answer) continue;
          cells += 1;
          if (answer.code !== wanted) wrong.push([sample.coordinate, actor.name, target, door, `expected ${wanted}`, `saw ${answer.code}`, answer.text.slice(0, 200)]);
          if (wanted === 'NOT_FOUND' && target === 'other') {
            const missing = await ask(sample, actor.token(cast), sample.variables(NOWHERE));
            cells += 1;
            if (missing?.text !== answer.text) wrong.push([sample.coordinate, actor.name, door, 'foreign and missing differ', answer.text, missing?.text]);
          }
          if (isRefusedToAll(sample)) await api.em.execute('delete from costly_call');
          else if (changes) {
            await api.em.execute('delete from costly_call');
            cast = await newCast();
          }
        }
      }
    }
  }
  process.stdout.write(`matrix: ${cells} cells, ${wrong.length} unlike the table\n`);
  expect(wrong).toEqual([]);
}, 600_000);

test('the door of the webhooks opens to a signature, and to no token', async () => {
  const cast = await newCast();
  const answers = await Promise.all(ACTORS.map(async (actor) => (await http(`${doors.url}/api/webhooks/github`, { token: actor.token(cast), json: {}, headers: { 'x-github-event': 'push', 'x-github-delivery': 'x' } })).status));
  expect(answers).toEqual(ACTORS.map(() => 401));
});

const lines = PERMISSIONS as Record<string, Permission>;
const WEAKER: Partial<Record<Permission['scope'], Permission['scope']>> = { webhook: 'public', schedule: 'public', admin: 'deploy', deploy: 'read', read: 'public' };
const LOWER: Partial<Record<Role, Role>> = { DEVELOPER: VIEWER, ADMIN: DEVELOPER, OWNER: ADMIN };

interface Loosened {
  coordinate: string;
  what: string;
  permission: Permission;
  /** Who is refused before, and let further in after; none where a second lock holds all the same. */
  guest?: (cast: Cast) => Promise<string | null>;
}

/** All ways to loosen a line by one. */
function loosenings(coordinate: string): Loosened[] {
  const line = lines[coordinate]!;
  const [scope, role] = [WEAKER[line.scope], line.role && LOWER[line.role]];
  const isField = coordinate.includes('.');
  const own = TOKEN_SCOPES.includes(scope as TokenScope) && isField;
  return [
    ...(scope ? [{ coordinate, what: `scope ${scope}`, permission: { ...line, scope }, ...(own && { guest: () => api.tokenOf(people[line.operator ? 'operator' : OWNER]!, { scopes: [scope as TokenScope] }) }) }] : []),
    ...(role ? [{ coordinate, what: `role ${role}`, permission: { ...line, role }, guest: async ({ tokens }: Cast) => tokens[role]! }] : []),
    ...(line.operator ? [{ coordinate, what: 'for all', permission: { scope: line.scope, role: line.role }, guest: async ({ tokens }: Cast) => tokens[OWNER]! }] : []),
    ...(!line.service && isField && TOKEN_SCOPES.includes(line.scope as TokenScope)
      ? [{ coordinate, what: 'open to a token of one service', permission: { ...line, service: true as const }, ...(coordinate.split('.')[0] !== 'Team' && coordinate.split('.')[0] !== 'EnvGroup' && !line.operator && !NOT_FOR_HELD.includes(coordinate) && { guest: async ({ tokens }: Cast) => tokens['service']! }) }]
      : []),
  ];
}

/** The code of an operation on an API that is built with the table as it is at this moment. */
async function codeOf(sample: Sample, token: string | null, world: World): Promise<string | undefined> {
  const built = api.withVault(api.vault);
  const text = documentOf(api.schema, sample);
  if (!sample.coordinate.startsWith('Subscription.')) return (await built.run(token, text, sample.variables(world))).code;
  const subscription = await built.subscribe(token!, text, sample.variables(world));
  const answer = await subscription.next();
  subscription.leave();
  return answer?.code;
}

/** What the table should say, told a second time by the samples. */
function likeTheSamples(): boolean {
  const samples = new Map(ASKED.map((sample) => [sample.coordinate, sample]));
  return Object.entries(lines).every(([coordinate, line]) => {
    const sample = samples.get(coordinate);
    const wanted = coordinate.includes('.') ? sample && { scope: sample.scope, role: sample.role, ...(sample.service && { service: true }), ...(sample.operator && { operator: true }) } : { scope: PUBLIC_TYPES.includes(coordinate) ? 'public' : 'read', role: null };
    return JSON.stringify(Object.entries(line).sort()) === JSON.stringify(Object.entries(wanted ?? {}).sort());
  });
}

test('loosening any one line of the table is seen: of an operation by who is let in, of a type by what is said of it a second time', async () => {
  expect(likeTheSamples()).toBe(true);
  const missed: string[] = [];
  const score = { tried: 0, letIn: 0, told: 0 };
  let cast = await newCast();
  for (const coordinate of Object.keys(lines)) {
    const line = lines[coordinate]!;
    const sample = ASKED.find((one) => one.coordinate === coordinate);
    for (const { what, permission, guest } of loosenings(coordinate)) {
      score.tried += 1;
      const token = guest && sample && (await guest(cast));
      const refused = token !== undefined && (await codeOf(sample!, token, cast.world));
      lines[coordinate] = permission;
      try {
        const isTold = !likeTheSamples();
        if (isTold) score.told += 1;
        const letIn = token === undefined ? undefined : await codeOf(sample!, token, cast.world);
        const isSeen = token !== undefined && refused === 'FORBIDDEN' && letIn !== 'FORBIDDEN';
        if (isSeen) score.letIn += 1;
        if (!isTold || (token !== undefined && !isSeen)) missed.push(`${coordinate}: ${what} (${refused} -> ${letIn})`);
        if (isSeen && coordinate.startsWith('Mutation.')) cast = await newCast();
      } finally {
        lines[coordinate] = line;
      }
      await api.em.execute('delete from costly_call');
    }
  }
  process.stdout.write(`loosened lines: ${score.tried} ways over ${Object.keys(lines).length} lines; ${score.letIn} let somebody in, ${score.told} are told apart from the samples, ${missed.length} missed\n`);
  expect(missed).toEqual([]);
}, 600_000);
