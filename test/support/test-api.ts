import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { parse, validate, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { createAuthenticator, type Authenticate } from '../../src/auth/authenticate.js';
import { ensureInstallation } from '../../src/auth/first-boot.js';
import { issueToken } from '../../src/auth/issue-token.js';
import { createPersonalTeam } from '../../src/auth/personal-team.js';
import { TOKEN_SCOPES, type Actor, type RequestContext, type TokenScope } from '../../src/context.js';
import { Account } from '../../src/entities/account.js';
import { newId } from '../../src/entities/columns.js';
import type { DatabaseSizes } from '../../src/entities/database-catalogue.js';
import { Membership } from '../../src/entities/membership.js';
import type { Role } from '../../src/entities/roles.js';
import { createLogger } from '../../src/logger.js';
import type { SharedResults } from '../../src/operation.js';
import { SchemaOperations } from '../../src/operation-runner.js';
import type { GithubApi } from '../../src/outside/github-api.js';
import { createPgEvents, type PgEvents } from '../../src/queue/pg-events.js';
import { WakeQueue } from '../../src/queue/wake-queue.js';
import { buildApexSchema } from '../../src/resolvers/build-schema.js';
import type { BackupMail } from '../../src/resolvers/database/backup-mail.js';
import { IdempotentCalls } from '../../src/resolvers/idempotency/idempotent-calls.js';
import { keyedOperations } from '../../src/server/keyed-operations.js';
import { JSON_RESULTS } from '../../src/server/socket-reader.js';
import { Vault } from '../../src/vault/vault.js';
import { OfflineOrchestrator } from './offline-orchestrator.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** An account with its personal team and a token. */
export interface TestAccount {
  id: string;
  email: string;
  teamId: string;
  token: string;
  tokenId: string;
}

export interface Answer {
  data: any;
  /** Code of the first error. */
  code: string | undefined;
  message: string | undefined;
  faults: { path: string; message: string }[] | undefined;
  /** The whole answer as a client gets it. */
  text: string;
}

/** Settings that a test may give. */
export interface TestSettings {
  APEX_GITHUB_WEBHOOK_SECRET?: string;
  APEX_GITEA_WEBHOOK_SECRET?: string;
  APEX_GITHUB_TOKEN?: string;
  APEX_PREVIEW_LIMIT?: number;
  APEX_PREVIEW_IDLE_DAYS?: number;
  APEX_DATABASE_SIZES?: Partial<DatabaseSizes>;
  /** GitHub's API, where it is to be told. */
  github?: Pick<GithubApi, 'setStatus' | 'writeComment'>;
  /** Where failed backups are told. */
  backupMail?: BackupMail;
}

interface Parts {
  database: TestDatabase;
  vault: Vault;
  events: PgEvents;
  queue: WakeQueue;
  installationId: string;
  orchestrator: OfflineOrchestrator;
  settings: TestSettings;
}

/** The API without an HTTP door: the schema on a database of its own, a real queue and real events. */
export class TestApi {
  private readonly documents = new Map<string, DocumentNode>();

  private constructor(
    readonly database: TestDatabase,
    readonly schema: GraphQLSchema,
    readonly orchestrator: OfflineOrchestrator,
    readonly vault: Vault,
    readonly events: PgEvents,
    private readonly queue: WakeQueue,
    readonly operations: SchemaOperations,
    readonly authenticate: Authenticate,
    private readonly installationId: string,
  ) {}

  /** On a database of its own, or on one that is migrated; it is dropped at the end. */
  static async start({ vault = new Vault(randomBytes(32)), database: given, ...settings }: { vault?: Vault; database?: TestDatabase } & TestSettings = {}): Promise<TestApi> {
    const database = given ?? (await createTestDatabase());
    const logger = createLogger('silent');
    const { id } = await ensureInstallation(database.orm, vault);
    const events = createPgEvents(database.url, logger);
    await events.start();
    const queue = new WakeQueue(database.url, logger);
    await queue.start();
    return TestApi.of({ database, vault, events, queue, installationId: id, orchestrator: new OfflineOrchestrator(queue), settings });
  }

  /** The same installation as a server with another key has it. Only the first is stopped. */
  withVault(vault: Vault): TestApi {
    const { database, events, queue, installationId, orchestrator } = this;
    return TestApi.of({ database, vault, events, queue, installationId, orchestrator, settings: {} });
  }

  private static of({ database, vault, events, queue, installationId, orchestrator, settings }: Parts): TestApi {
    const calls = new IdempotentCalls(database.orm, vault);
    const schema = buildApexSchema({ orm: database.orm, vault, orchestrator, events, calls, ...(settings.github && { github: settings.github }), ...(settings.backupMail && { backupMail: settings.backupMail }), config: { APEX_DOMAIN: 'apex.localhost', publicUrl: 'https://apex.example', ...settings } });
    return new TestApi(database, schema, orchestrator, vault, events, queue, new SchemaOperations(schema, keyedOperations(calls)), createAuthenticator(database.orm), installationId);
  }

  async stop(): Promise<void> {
    await this.queue.stop();
    await this.events.stop();
    await this.database.drop();
  }

  get em(): EntityManager {
    return this.database.orm.em.fork();
  }

  async account(name: string, scopes: readonly TokenScope[] = TOKEN_SCOPES): Promise<TestAccount> {
    return this.em.transactional(async (tx) => {
      const account = Object.assign(new Account(), { name, email: `${newId()}@example.com`, emailVerifiedAt: new Date() });
      await tx.persist(account).flush();
      const team = await createPersonalTeam(tx, this.vault, this.installationId, account.id);
      const { token, secret } = await issueToken(tx, { accountId: account.id, teamId: null, name: 'test', scopes, expiresAt: null });
      return { id: account.id, email: account.email, teamId: team.id, token: secret, tokenId: token.id };
    });
  }

  async tokenOf(account: TestAccount, wish: { scopes?: readonly TokenScope[]; teamId?: string | null; expiresAt?: Date | null }): Promise<string> {
    const whole = { accountId: account.id, teamId: null, name: 'test', scopes: TOKEN_SCOPES, expiresAt: null, ...wish };
    return (await this.em.transactional((tx) => issueToken(tx, whole))).secret;
  }

  async addMember(teamId: string, account: TestAccount, role: Role): Promise<void> {
    await this.em.insert(Membership, { id: newId(), teamId, accountId: account.id, role, createdAt: new Date() });
  }

  /** Runs an operation as whoever holds the token; null is nobody. */
  async run(token: string | null, text: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    return this.runAs(await this.actorOf(token), text, variables);
  }

  /** As a door does that was given an `Idempotency-Key`. */
  async runKeyed(token: string | null, idempotencyKey: string, text: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    const context = { ...this.context(await this.actorOf(token)), idempotencyKey };
    return answerOf(await this.operations.run({ document: this.parsed(text), variables }, context));
  }

  async runAs(actor: Actor, text: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    return answerOf(await this.operations.run({ document: this.parsed(text), variables }, this.context(actor)));
  }

  /** Opens a subscription. `leave` is what a client does who goes away. */
  async subscribe(token: string, text: string, variables: Record<string, unknown> = {}): Promise<{ next(): Promise<Answer | null>; leave(): void }> {
    const leaving = new AbortController();
    const context = this.context(await this.authenticate(`Bearer ${token}`), leaving.signal);
    const results = await this.operations.subscribe({ document: this.parsed(text), variables }, context);
    const items = 'deliver' in results ? delivered(results, leaving.signal) : Symbol.asyncIterator in results ? results[Symbol.asyncIterator]() : [results][Symbol.iterator]();
    return {
      leave: () => leaving.abort(),
      next: async () => {
        const { done, value } = await items.next();
        return done ? null : answerOf(value as ExecutionResult);
      },
    };
  }

  /** The SQL statements that the work sends, by whatever way; those of the queue and of the events aside. */
  async statements(work: () => Promise<unknown>): Promise<string[]> {
    const pool = (await this.database.orm.em.getConnection().getNativeClient()) as unknown as { Client: { prototype: QueryPrototype } };
    const { prototype } = pool.Client;
    const send = prototype.query;
    const seen: string[] = [];
    prototype.query = function (...args) {
      const [statement] = args as [string | { text: string }];
      if (this.connectionParameters.application_name === 'apex') seen.push(typeof statement === 'string' ? statement : statement.text);
      return send.apply(this, args);
    };
    try {
      await work();
    } finally {
      prototype.query = send;
    }
    return seen;
  }

  /** Row counts of all tables but the log of who asked for what, to show that nothing changed. */
  async counts(): Promise<Record<string, number>> {
    const tables = await this.em.execute<{ name: string }[]>(
      `select table_schema || '.' || table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'audit_event' order by 1`,
    );
    const counted = await Promise.all(tables.map(async ({ name }) => [name, Number((await this.em.execute<[{ count: string }]>(`select count(*) from ${name}`))[0].count)] as const));
    const [{ count: jobs }] = await this.em.execute<[{ count: string }]>('select count(*) from pgboss.job');
    return { ...Object.fromEntries(counted), jobs: Number(jobs) };
  }

  private async actorOf(token: string | null): Promise<Actor> {
    return token === null ? { kind: 'anonymous' } : this.authenticate(`Bearer ${token}`);
  }

  private context(actor: Actor, signal: AbortSignal = new AbortController().signal): RequestContext {
    return { requestId: newId(), actor, door: 'rest', ip: '192.0.2.1', em: this.em, logger: createLogger('silent'), signal };
  }

  /** The same document for the same text, as a door keeps it, so that what is asked often runs compiled. */
  private parsed(text: string): DocumentNode {
    const known = this.documents.get(text);
    if (known) return known;
    const document = parse(text);
    const [fault] = validate(this.schema, document);
    if (fault) throw fault;
    this.documents.set(text, document);
    return document;
  }
}

interface QueryPrototype {
  query(this: { connectionParameters: { application_name: string } }, ...args: unknown[]): unknown;
}

function answerOf(result: ExecutionResult): Answer {
  const [error] = result.errors ?? [];
  const extensions = error?.extensions as { code?: string; faults?: Answer['faults'] } | undefined;
  return { data: result.data, code: extensions?.code, message: error?.message, faults: extensions?.faults, text: JSON.stringify(result) };
}

/** What a door is sent, one by one, by a reader that takes all at once. */
async function* delivered(results: SharedResults, signal: AbortSignal): AsyncGenerator<unknown> {
  const taken: Promise<unknown>[] = [];
  let put!: (result: Promise<unknown>) => void;
  const next = (): void => void taken.push(new Promise((resolve) => (put = resolve as typeof put)));
  next();
  const give = (result: unknown): void => {
    put(Promise.resolve(result));
    next();
  };
  const end = (last?: ExecutionResult): void => {
    if (last) give(last);
    give(null);
  };
  const leave = results.deliver({ buffered: 0, write: (encoded) => give(JSON.parse(String(encoded))), end }, JSON_RESULTS);
  signal.addEventListener('abort', () => (leave(), end()), { once: true });
  for (;;) {
    const result = await taken.shift();
    if (result === null) return;
    yield result;
  }
}
