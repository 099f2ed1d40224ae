import { randomBytes } from 'node:crypto';
import type { Writable } from 'node:stream';
import { request } from 'undici';
import { parse, type ExecutionResult } from 'graphql';
import { ensureInstallation } from '../../src/auth/first-boot.js';
import { TOKEN_SCOPES, type RequestContext } from '../../src/context.js';
import { loadConfig, type Config } from '../../src/config.js';
import { Account } from '../../src/entities/account.js';
import { newId } from '../../src/entities/columns.js';
import { createLogger, type Logger } from '../../src/logger.js';
import { SchemaOperations } from '../../src/operation-runner.js';
import { createOrchestrator, type RunningOrchestrator } from '../../src/orchestrator/create-orchestrator.js';
import { chooseClusterSource, readCredentials, type ClusterSource } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { KubeClient } from '../../src/orchestrator/kubernetes/kube-client.js';
import type { Kind, KubeObject } from '../../src/orchestrator/kubernetes/kinds.js';
import { installationSelector, LABELS } from '../../src/orchestrator/kubernetes/labels.js';
import type { PodObject } from '../../src/orchestrator/service/observed.js';
import { createPgEvents, type PgEvents } from '../../src/queue/pg-events.js';
import { WakeQueue } from '../../src/queue/wake-queue.js';
import { buildApexSchema } from '../../src/resolvers/build-schema.js';
import { Vault } from '../../src/vault/vault.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Of a service, all that the tests look at. */
const FIELDS = `id name status statusMessage replicas readyReplicas paused url
  currentDeployment { id release digest state } latestDeployment { id state release digest reason { code message } }`;

export interface SeenService {
  id: string;
  name: string;
  status: string;
  statusMessage: string | null;
  replicas: number;
  readyReplicas: number;
  url: string | null;
  currentDeployment: { id: string; release: number; digest: string | null } | null;
  latestDeployment: { id: string; state: string; release: number | null; digest: string | null; reason: { code: string; message: string } | null };
}

export type CallCount = Record<string, number>;

/** The cluster that `./apex test` provides. */
export function theCluster(): Exclude<ClusterSource, { kind: 'none' }> {
  const { KUBECONFIG, APEX_NODE_DIR } = process.env;
  const source = chooseClusterSource({ APEX_NO_CLUSTER: false, KUBECONFIG: KUBECONFIG || undefined, APEX_NODE_DIR: APEX_NODE_DIR || undefined });
  if (source.kind === 'none') throw new Error('No cluster: run the tests with "./apex test", which brings one up.');
  return source;
}

/** Hosts are unique on a node, so every installation has a domain of its own. */
const ownDomain = (): string => `t${randomBytes(4).toString('hex')}.apex.localhost`;

/** An installation of its own on the real cluster: its database, its queue, its schema, its id. */
export class ClusterInstallation {
  readonly calls: { method: string; kind: string; status: number }[] = [];
  orchestrator!: RunningOrchestrator;
  #queue!: WakeQueue;
  #operations!: SchemaOperations;

  private constructor(
    readonly database: TestDatabase,
    readonly vault: Vault,
    readonly events: PgEvents,
    readonly config: Config,
    readonly installationId: string,
    readonly kube: KubeClient,
    /** Past any proxy that the installation itself has to go through. */
    readonly direct: KubeClient,
    private readonly logger: Logger,
    private readonly accountId: string,
  ) {}

  /** `log`: gets what it logs, in all detail. */
  static async start(settings: Record<string, string> = {}, log?: Writable): Promise<ClusterInstallation> {
    const database = await createTestDatabase();
    const { KUBECONFIG, APEX_NODE_DIR, APEX_TEST_LOG } = process.env;
    const key = randomBytes(32);
    const config = loadConfig({ KUBECONFIG, APEX_NODE_DIR, DATABASE_URL: database.url, APEX_SECRET_KEY: key.toString('base64'), APEX_DEPLOY_DEADLINE_SECONDS: '40', APEX_DOMAIN: ownDomain(), APEX_LOG_HISTORY_BYTES: '0', ...settings });
    const source = settings.KUBECONFIG ? ({ kind: 'kubeconfig', file: settings.KUBECONFIG } as const) : theCluster();
    const logger = log ? createLogger('trace', log) : createLogger(APEX_TEST_LOG ?? 'silent');
    const vault = new Vault(config.secretKey);
    const { id } = await ensureInstallation(database.orm, vault);
    const operator = await database.orm.em.fork().findOneOrFail(Account, { isOperator: true });
    const events = createPgEvents(database.url, logger);
    await events.start();
    const kube = new KubeClient(readCredentials(source).load(), 'apex-test');
    const direct = new KubeClient(readCredentials(theCluster()).load(), 'apex-test');
    const installation = new ClusterInstallation(database, vault, events, config, id, kube, direct, logger, operator.id);
    await installation.boot();
    return installation;
  }

  /** A server's worth of parts, on the same rows; with other settings, where some are given. */
  async boot(settings: Partial<Config> = {}): Promise<void> {
    const config = { ...this.config, ...settings };
    const { orm } = this.database;
    this.#queue = new WakeQueue(this.database.url, this.logger);
    await this.#queue.start();
    this.orchestrator = createOrchestrator({
      orm, vault: this.vault, queue: this.#queue, logger: this.logger, config, installationId: this.installationId, version: 'test',
      observeCall: ({ method, kind, status }) => this.calls.push({ method, kind, status }),
    });
    this.#operations = new SchemaOperations(buildApexSchema({ orm, vault: this.vault, orchestrator: this.orchestrator, events: this.events, config }));
    await this.orchestrator.start();
  }

  async shutDown(): Promise<void> {
    await this.orchestrator.stop();
    await this.#queue.stop();
  }

  /** Leaves nothing of it on the cluster. */
  async stop(): Promise<void> {
    await this.shutDown();
    for (const namespace of await this.objects('Namespace')) await this.kube.remove(namespace);
    await Promise.all([this.kube.close(), this.direct.close()]);
    await this.events.stop();
    await this.database.drop();
  }

  async graphql<T>(text: string, variables: Record<string, unknown> = {}): Promise<T> {
    const result = (await this.#operations.run({ document: parse(text), variables }, this.#context())) as ExecutionResult<T>;
    if (result.errors) throw new Error(JSON.stringify(result.errors));
    return result.data as T;
  }

  /** The results of a subscription until it ends; throws what it ends with. */
  async *subscription<T>(text: string, variables: Record<string, unknown> = {}): AsyncGenerator<T> {
    // Of a token that is in no row, its end would be told at once.
    const results = await this.#operations.subscribe<T>({ document: parse(text), variables }, { ...this.#context(), actor: { kind: 'system', name: 'test' } });
    if (!(Symbol.asyncIterator in results)) throw new Error(JSON.stringify(results));
    for await (const { data, errors } of results) {
      if (errors) throw new Error(JSON.stringify(errors));
      yield data as T;
    }
  }

  async deploy(input: Record<string, unknown>): Promise<string> {
    const { deployService } = await this.graphql<{ deployService: { id: string } }>('mutation ($input: DeployServiceInput!) { deployService(input: $input) { id } }', { input });
    return deployService.id;
  }

  async service(id: string): Promise<SeenService> {
    return (await this.graphql<{ service: SeenService }>(`query ($id: ID!) { service(id: $id) { ${FIELDS} } }`, { id })).service;
  }

  /** Waits for the event that makes it true, and says what it saw last when none did. */
  async until(id: string, what: (service: SeenService) => boolean, seconds = 45): Promise<SeenService> {
    const signal = AbortSignal.timeout(seconds * 1000);
    const changes = this.events.subscribe('service.changed', signal);
    let seen = await this.service(id);
    if (what(seen)) return seen;
    for await (const change of changes) {
      if (change && change.serviceId !== id) continue;
      seen = await this.service(id);
      if (what(seen)) return seen;
    }
    throw new Error(`After ${seconds} s the service is ${JSON.stringify(seen)}`);
  }

  async objects(kind: Kind): Promise<KubeObject[]> {
    return (await this.kube.list(kind, installationSelector(this.installationId))).items;
  }

  /** Everything of this installation in the cluster, for "nothing is left". */
  async allObjects(): Promise<string[]> {
    const kinds: Kind[] = ['Deployment', 'Pod', 'Service', 'Ingress', 'Secret', 'PodDisruptionBudget'];
    const lists = await Promise.all(kinds.map(async (kind) => (await this.objects(kind)).map(({ metadata }) => `${kind} ${metadata.name}`)));
    return lists.flat();
  }

  /** Polls the cluster for what no event of ours tells. */
  async eventually<T>(read: () => Promise<T>, what: (value: T) => boolean, seconds = 20): Promise<T> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const value = await read();
      if (what(value)) return value;
      if (Date.now() > end) throw new Error(`After ${seconds} s it is ${JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** As a visitor: through the ingress, by the public name. */
  visit(url: string): Promise<{ status: number; text: string }> {
    return this.visitPath(url, '/');
  }

  async visitPath(url: string, path: string): Promise<{ status: number; text: string }> {
    const { hostname, port, host } = new URL(url);
    const { statusCode, body } = await request(`http://127.0.0.1:${port || 80}${path}`, { headers: { host: hostname ? host : '' } });
    return { status: statusCode, text: await body.text() };
  }

  /** No look is at work, and none is due. */
  async idle(): Promise<void> {
    const busy = async (): Promise<number> => {
      const [{ count }] = await this.database.orm.em.fork().execute<[{ count: string }]>(
        `select count(*) from pgboss.job where name = 'reconcile' and (state = 'active' or (state < 'active' and start_after <= now() + interval '1 second'))`,
      );
      return Number(count);
    };
    for (let quiet = 0; quiet < 3; ) quiet = (await this.eventually(busy, (count) => count === 0)) === 0 ? quiet + 1 : 0;
  }

  pods(serviceId: string): Promise<PodObject[]> {
    return this.kube.list<PodObject>('Pod', `${LABELS.service}=${serviceId}`).then(({ items }) => items);
  }

  writes(): CallCount {
    const counts: CallCount = {};
    for (const { method, kind } of this.calls) if (method !== 'GET') counts[`${method} ${kind}`] = (counts[`${method} ${kind}`] ?? 0) + 1;
    return counts;
  }

  #context(): RequestContext {
    return {
      requestId: newId(),
      actor: { kind: 'account', accountId: this.accountId, tokenId: newId(), scopes: new Set(TOKEN_SCOPES), teamId: null, isOperator: true },
      door: 'graphql', ip: '192.0.2.1', em: this.database.orm.em.fork(), logger: this.logger, signal: new AbortController().signal,
    };
  }
}
