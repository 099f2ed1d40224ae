import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthenticator } from './auth/authenticate.js';
import { ensureCredentials } from './auth/credentials-file.js';
import { ensureInstallation } from './auth/first-boot.js';
import type { Config } from './config.js';
import { createDatabase, migrate, type Database } from './entities/database.js';
import { grantRights, roleOf } from './entities/database-rights.js';
import { createRateLimiter } from './limits/rate-limiter.js';
import { SignedDeliveries } from './limits/signed-deliveries.js';
import type { Logger } from './logger.js';
import { createOrchestrator } from './orchestrator/create-orchestrator.js';
import { SchemaOperations } from './operation-runner.js';
import { GithubApi } from './outside/github-api.js';
import { GithubApps } from './outside/github-app.js';
import { GuardedFetch } from './outside/guarded-fetch.js';
import { Mailer } from './outside/mail.js';
import { Courtesy } from './queue/courtesy.js';
import { createPgEvents } from './queue/pg-events.js';
import { WakeQueue } from './queue/wake-queue.js';
import { buildApexSchema } from './resolvers/build-schema.js';
import { backupMail } from './resolvers/database/backup-mail.js';
import { IdempotentCalls } from './resolvers/idempotency/idempotent-calls.js';
import { invitationMail } from './resolvers/team/invitation-mail.js';
import { keyedOperations } from './server/keyed-operations.js';
import { isNotConnected } from './schema/masked-errors.js';
import { CLOCKS, Clocks } from './schedule/clocks.js';
import { clockContext } from './server/clock-context.js';
import { createDashboard } from './server/dashboard.js';
import { createDoors } from './server/doors.js';
import { createStartingApp } from './server/http-app.js';
import { Metrics } from './server/metrics.js';
import { OpenStreams } from './server/open-streams.js';
import { Stops } from './server/stops.js';
import { Vault } from './vault/vault.js';

/** A server: it listens from the start, and serves once its database does. */
export interface ApexServer {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  /** Settles when the API serves; rejects when the boot was refused (a wrong key, a failed migration). */
  ready: Promise<void>;
  /** Drains and lets go of everything, within 30 s. Safe to call twice. */
  stop(): Promise<void>;
}

/** GitHub sends from few addresses and never again by itself, so what is signed is counted by its secret. */
const SIGNED_DELIVERIES_A_MINUTE = 6_000;
const UNSIGNED_DELIVERIES_A_MINUTE = 60;

/** A page of the dashboard asks for much at once. */
const SESSION_REQUESTS_A_MINUTE = 600;

const RETRY_MS = [250, 500, 1_000, 2_000, 5_000] as const;

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** Builds every object of the server by hand, in the order in which they need each other. */
export async function startServer(config: Config, logger: Logger): Promise<ApexServer> {
  const stops = new Stops(logger);
  let why = 'The server is starting.';
  const dashboard = createDashboard();
  if (!dashboard) logger.warn('there is no dashboard: it was not built with the server');
  let handler: Handler = createStartingApp(() => why, dashboard, config.APEX_TRUSTED_PROXIES, logger);
  const http = createServer((req, res) => handler(req, res));
  http.requestTimeout = 60_000;
  http.headersTimeout = 15_000;
  const url = await listen(http, config);
  stops.drain(http);

  const boot = async (): Promise<void> => {
    const orm = await createDatabase(config.DATABASE_URL, logger);
    stops.add('database', () => orm.close(true));
    await untilConnected(() => upToDate(orm, config, logger), stops.signal, logger, (sentence) => (why = sentence));
    why = 'The server is starting.';
    const vault = new Vault(config.secretKey, config.previousKey);
    const installation = await ensureInstallation(orm, vault);
    const metrics = new Metrics();
    const events = createPgEvents(config.DATABASE_URL, logger);
    const courtesy = new Courtesy();
    const queue = new WakeQueue(config.DATABASE_URL, logger, courtesy);
    const limiter = createRateLimiter(config.DATABASE_URL, config.APEX_RATE_LIMIT, logger);
    stops.add('events', () => events.stop());
    stops.add('queue', () => queue.stop());
    stops.add('limiter', () => limiter.stop());
    const unsignedLimiter = createRateLimiter(config.DATABASE_URL, UNSIGNED_DELIVERIES_A_MINUTE, logger, 'unsigned');
    const signedLimiter = createRateLimiter(config.DATABASE_URL, SIGNED_DELIVERIES_A_MINUTE, logger, 'signed');
    const sessionLimiter = createRateLimiter(config.DATABASE_URL, config.APEX_RATE_LIMIT === 0 ? 0 : SESSION_REQUESTS_A_MINUTE, logger, 'session');
    stops.add('limiter of sessions', () => sessionLimiter.stop());
    stops.add('limiter of unsigned deliveries', () => unsignedLimiter.stop());
    stops.add('limiter of signed deliveries', () => signedLimiter.stop());
    await Promise.all([events.start(), queue.start(), limiter.start(), sessionLimiter.start(), unsignedLimiter.start(), signedLimiter.start()]);

    const orchestrator = createOrchestrator({ orm, vault, queue, logger, config, installationId: installation.id, observeCall: metrics.observeKubernetesCall });
    stops.add('orchestrator', () => orchestrator.stop());
    const calls = new IdempotentCalls(orm, vault);
    calls.start();
    stops.add('idempotent calls', async () => calls.stop());
    const mailer = config.APEX_SMTP_URL ? new Mailer(config.APEX_SMTP_URL, config.APEX_MAIL_FROM, logger) : null;
    if (mailer) stops.add('mail', () => mailer.stop());
    const guard = new GuardedFetch(config.APEX_ALLOWED_INTERNAL);
    stops.add('outgoing calls', () => guard.close());
    const github = new GithubApi(config.APEX_GITHUB_API_URL, guard);
    const schema = buildApexSchema({ orm, vault, orchestrator, events, calls, ...(mailer && { mail: invitationMail(mailer), backupMail: backupMail(mailer) }), config: { ...config, publicUrl: config.APEX_PUBLIC_URL ?? url }, deliveries: new SignedDeliveries(signedLimiter), courtesy, github, githubApps: new GithubApps(config.APEX_GITHUB_API_URL, guard) });
    const authenticate = createAuthenticator(orm);
    const streams = new OpenStreams(authenticate, logger);
    const operations = new SchemaOperations(schema, keyedOperations(calls));
    metrics.watch({ deploymentsByState: () => deploymentsByState(orm), reconcileQueue: () => queue.counts(), logFollows: () => orchestrator.logFollows() });
    const doors = await createDoors({ http, config, url, dashboard, orm, schema, operations, authenticate, streams, limiter, sessionLimiter, unsignedLimiter, orchestrator, metrics, logger, isStopping: () => stops.signal.aborted });
    stops.add('doors', () => doors.stop());
    void streams.watch(events);
    const clocks = new Clocks({ operations, open: () => clockContext({ orm, authenticate, streams, logger }), logger });
    stops.add('clocks', () => clocks.stop());
    await orchestrator.start();
    clocks.start(CLOCKS);
    await ensureCredentials(orm, { home: config.APEX_HOME, url });
    handler = doors.app;
    logger.info({ url, milliseconds: Math.round(process.uptime() * 1000) }, 'the server is ready');
  };

  const ready = boot();
  ready.catch(() => undefined);
  return { url, ready, stop: () => stops.run(ready) };
}

/** Migrates as the role that owns the tables, where that is another than the one which serves. */
async function upToDate(orm: Database, { APEX_OWNER_DATABASE_URL }: Config, logger: Logger): Promise<void> {
  if (APEX_OWNER_DATABASE_URL === undefined) return migrate(orm);
  const owner = await createDatabase(APEX_OWNER_DATABASE_URL, logger);
  try {
    await migrate(owner);
    await grantRights(owner, await roleOf(orm));
  } finally {
    await owner.close(true);
  }
}

async function listen(http: Server, { APEX_PORT, APEX_HOST }: Config): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(APEX_PORT, APEX_HOST, () => {
      http.off('error', reject);
      resolve();
    });
  });
  const { address, port, family } = http.address() as AddressInfo;
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

/** A database that is away is waited for; anything else that it says is final. */
async function untilConnected(attempt: () => Promise<void>, signal: AbortSignal, logger: Logger, tell: (sentence: string) => void): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !isNotConnected(error)) throw error;
      tell('The database cannot be reached; the server goes on trying.');
      const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] as number;
      logger.warn({ error: (error as Error).message, code: (error as { code?: string }).code, againInMs: wait }, 'the database cannot be reached');
      await pause(wait, signal);
    }
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), reject(new Error('stopped'))), { once: true });
  });

async function deploymentsByState(orm: Database): Promise<Record<string, number>> {
  const rows = await orm.em.getConnection().execute<{ state: string; count: string }[]>('select state, count(*) as count from deployment group by state');
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}
