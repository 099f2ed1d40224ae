import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { Config } from '../config.js';
import type { Backup } from '../entities/backup.js';
import { Team } from '../entities/team.js';
import { quotaOf } from '../entities/team-quota.js';
import type { Logger } from '../logger.js';
import { GithubApps } from '../outside/github-app.js';
import { GuardedFetch } from '../outside/guarded-fetch.js';
import { DOCKER_HUB } from '../outside/image-reference.js';
import { ImageRegistry, readMirrors } from '../outside/image-registry.js';
import { S3Storage } from '../outside/s3-storage.js';
import type { WakeQueue } from '../queue/wake-queue.js';
import type { Vault } from '../vault/vault.js';
import { BuilderProvision } from './build/builder-tools.js';
import { Builds } from './build/builds.js';
import { ImageHomes } from './build/image-homes.js';
import { ClusterAway } from './cluster-access.js';
import { ClusterView } from './cluster-state.js';
import { BackupBucket } from './database/backup/backup-bucket.js';
import { openBackupFile } from './database/backup/backup-file.js';
import { BackupFolder } from './database/backup/backup-folder.js';
import { BackupPlaces } from './database/backup/backup-places.js';
import { BackupReconciler } from './database/backup/backup-reconciler.js';
import { LongWork } from './database/backup/long-work.js';
import { UploadSweep } from './database/backup/upload-sweep.js';
import { RestoreReconciler } from './database/backup/restore-reconciler.js';
import { BaseArchiver } from './database/recovery/base-archiver.js';
import { LogArchiver } from './database/recovery/log-archiver.js';
import { PartStore } from './database/recovery/part-store.js';
import { DatabaseReconciler } from './database/database-reconciler.js';
import { DatabaseRemoval } from './database/database-removal.js';
import { EnvironmentKeeper } from './environment/environment-keeper.js';
import { EnvironmentReconciler } from './environment/environment-reconciler.js';
import { addressOf, IngressLocator } from './ingress.js';
import { ClusterLink } from './kubernetes/cluster-link.js';
import { chooseClusterSource } from './kubernetes/cluster-source.js';
import { readEmbeddedNode } from './kubernetes/embedded-node.js';
import type { KubeClient, ObserveCall } from './kubernetes/kube-client.js';
import { installationSelector } from './kubernetes/labels.js';
import { PodDirectory } from './kubernetes/pod-directory.js';
import { Watcher } from './kubernetes/watcher.js';
import { LogHistoryStore } from './logs/history/log-history-store.js';
import { LogHub } from './logs/log-hub.js';
import { sourceKey } from './logs/log-source-pods.js';
import { requireCluster, type BackupFile, type ClusterState, type LogBatch, type LogChannel, type LogFilter, type LogPage, type LogSearch, type LogSource, type LogStart, type LogStorage, type Orchestrator, type ReconcileKey } from './port.js';
import { reconcile, type Reconcilers } from './reconcile-loop.js';
import { Resync } from './resync.js';
import { AddressProbe } from './service/address-probe.js';
import { PreDeployStep } from './service/pre-deploy.js';
import { Preparation } from './service/prepare.js';
import { Removal } from './service/removal.js';
import { RolloutEnd } from './service/rollout-end.js';
import { ServiceReconciler } from './service/service-reconciler.js';

export interface OrchestratorParts {
  orm: MikroORM;
  vault: Pick<Vault, 'open' | 'seal'>;
  queue: WakeQueue;
  logger: Logger;
  config: Config;
  installationId: string;
  /** For `User-Agent: apex/<version>`, so that an audit log tells our calls from others'. */
  version?: string;
  /** Told of each call to the API server, for the metrics. */
  observeCall?: ObserveCall;
}

/** The port, and its life. `queue` belongs to whoever made it: start it before this, and stop it after. */
export interface RunningOrchestrator extends Orchestrator {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Containers whose log this server follows now. */
  logFollows(): number;
}

/** Nothing happens until `start`: until then the cluster counts as unreachable, or as none. */
export function createOrchestrator(parts: OrchestratorParts): RunningOrchestrator {
  return new KubernetesOrchestrator(parts);
}

class KubernetesOrchestrator implements RunningOrchestrator {
  readonly #parts: OrchestratorParts;
  readonly #source;
  readonly #ingress: IngressLocator;
  readonly #view: ClusterView;
  readonly #link: ClusterLink;
  readonly #keeper: EnvironmentKeeper;
  readonly #reconcilers: Reconcilers;
  readonly #guard: GuardedFetch;
  readonly #probe: AddressProbe;
  readonly #builds: Builds;
  readonly #homes: ImageHomes;
  readonly #backups: BackupPlaces;
  readonly #logs: LogHub;
  readonly #logHistory: LogHistoryStore;
  readonly #pods = new PodDirectory();
  readonly #resync: Resync;
  readonly #storage: S3Storage | null;
  readonly #uploads: UploadSweep | null;
  readonly #client = (): KubeClient => {
    const client = this.#link.client;
    if (!client || this.#view.state.kind !== 'ready') throw new ClusterAway();
    return client;
  };
  #watched: { watcher: Watcher; client: KubeClient } | undefined;

  constructor(parts: OrchestratorParts) {
    const { config, installationId, logger, orm, queue, vault } = parts;
    this.#parts = parts;
    this.#source = chooseClusterSource(config);
    this.#ingress = new IngressLocator(config, this.#source);
    this.#view = new ClusterView(this.#source.kind === 'none' ? { kind: 'none' } : { kind: 'unreachable', message: 'it has not been asked yet.' });
    this.#link = new ClusterLink(this.#source, this.#view, `apex/${parts.version ?? '0'}`, logger, parts.observeCall);
    this.#guard = new GuardedFetch(config.APEX_ALLOWED_INTERNAL);
    this.#probe = new AddressProbe(() => this.#ingress.current());
    this.#keeper = new EnvironmentKeeper(this.#client, installationId, this.#source.kind === 'embedded', async (id) => {
      const team = await orm.em.fork().findOne(Team, { id }, { fields: ['quota'] });
      return quotaOf(team?.quota ?? null, config.APEX_TEAM_QUOTA ?? {});
    }, config.APEX_OPEN_NETWORKS);
    this.#logs = new LogHub(this.#client, this.#pods, installationId, logger);
    this.#storage = openStorage(config);
    this.#logHistory = new LogHistoryStore({ orm, vault, logger, guard: this.#guard, storage: this.#storage, installationId, config, follow: (source, from, signal) => this.follow(source, from, {}, signal) });
    this.#homes = new ImageHomes(this.#source, config);
    this.#builds = new Builds({
      orm, vault, queue, logger, config, installationId, cluster: this.#client, guard: this.#guard, apps: new GithubApps(config.APEX_GITHUB_API_URL, this.#guard), homes: this.#homes,
      provision: new BuilderProvision({ source: this.#source, homes: this.#homes, cache: config.APEX_CACHE_DIR ?? join(homedir(), '.cache', 'apex'), image: config.APEX_BUILDER_IMAGE ?? null }),
      guardedAddresses: (client, signal) => this.#keeper.guardedAddresses(client, signal),
      mirrorsHub: () => this.#mirrors().has(DOCKER_HUB),
    });
    this.#resync = new Resync(orm, queue, logger);
    this.#uploads = this.#storage && new UploadSweep(this.#storage, installationId, logger);
    const folder = new BackupFolder(resolve(config.APEX_BACKUP_DIR ?? `${config.APEX_HOME}/backups`));
    const backups = (this.#backups = new BackupPlaces(folder, this.#storage && new BackupBucket(this.#storage, installationId)));
    const backupParts = { orm, vault, queue, cluster: this.#client, installationId, store: backups, work: new LongWork(orm, logger) };
    const recoveryParts = new PartStore(vault, backups);
    const archive = { ...backupParts, parts: recoveryParts };
    this.#reconcilers = {
      backup: new BackupReconciler(backupParts),
      restore: new RestoreReconciler({ ...backupParts, recoveryParts }),
      recoveryLog: new LogArchiver(archive),
      recoveryBase: new BaseArchiver(archive),
      database: new DatabaseReconciler({
        orm,
        vault,
        queue,
        cluster: this.#client,
        keeper: this.#keeper,
        removal: new DatabaseRemoval(orm, this.#client, backups, installationId),
        installationId,
      }),
      environment: new EnvironmentReconciler(orm, this.#client, this.#keeper, installationId),
      service: new ServiceReconciler({
        orm,
        vault,
        cluster: this.#client,
        keeper: this.#keeper,
        preparation: new Preparation(orm, vault, new ImageRegistry(this.#guard, () => this.#mirrors(), (mirror, repository) => this.#homes.mirrorAuthorization(mirror, repository)), this.#homes),
        removal: new Removal(orm, this.#client, installationId),
        builds: this.#builds,
        homes: this.#homes,
        preDeploy: new PreDeployStep(orm, vault, this.#client, installationId),
        rolloutEnd: new RolloutEnd(orm, vault, this.#client, config.APEX_DEPLOY_DEADLINE_SECONDS, () => this.#view.state),
        probe: this.#probe,
        installationId,
        ingressClass: config.APEX_INGRESS_CLASS ?? null,
      }),
    };
  }

  async start(): Promise<void> {
    this.#view.onKind((state) => state.kind === 'ready' && this.#arrived());
    await this.#link.start();
    const { orm, logger, queue } = this.#parts;
    await queue.work((key, signal) => reconcile(key, signal, { orm, logger, state: () => this.#view.state, reconcilers: this.#reconcilers }));
    this.#builds.start();
    this.#resync.start();
    this.#logHistory.start();
    this.#uploads?.start();
  }

  /** Lets the looks at work end, then ends the watches, the logs and the probes. */
  async stop(): Promise<void> {
    this.#resync.stop();
    this.#uploads?.stop();
    await this.#parts.queue.endWork();
    await this.#builds.stop();
    this.#watched?.watcher.stop();
    await this.#logHistory.stop();
    this.#logs.stop();
    await this.#link.stop();
    await Promise.all([this.#guard.close(), this.#homes.close(), this.#probe.close(), this.#storage?.close()]);
  }

  wake(tx: EntityManager, ...keys: readonly ReconcileKey[]): Promise<void> {
    return this.#parts.queue.wake(tx, ...keys);
  }

  cluster(): ClusterState {
    return this.#view.state;
  }

  follow(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): AsyncIterable<LogBatch> {
    requireCluster(this.#view.state);
    return this.#logs.follow(source, from, filter, signal);
  }

  channel(source: LogSource, filter: LogFilter): LogChannel {
    requireCluster(this.#view.state);
    return this.#logs.channel(source, filter);
  }

  async history(source: LogSource, from: LogStart, filter: LogFilter, signal: AbortSignal): Promise<LogBatch> {
    requireCluster(this.#view.state);
    return this.#logs.history(source, from, filter, signal);
  }

  searchLogs(source: LogSource, search: LogSearch, signal: AbortSignal): Promise<LogPage> {
    return this.#logHistory.search(sourceKey(source), search, signal);
  }

  logStorage(teamId: string): Promise<LogStorage> {
    return this.#logHistory.storageOf(teamId);
  }

  backupFile(backup: Backup, signal: AbortSignal): BackupFile {
    const { orm, vault, logger } = this.#parts;
    return openBackupFile(backup, { em: orm.em.fork(), vault, store: this.#backups, logger }, signal);
  }

  logFollows(): number {
    return this.#logs.follows;
  }

  builtImage(teamId: string, serviceId: string): string {
    return this.#homes.nameOf(teamId, serviceId);
  }

  urlOf(host: string): string {
    return addressOf(host, this.#ingress.current());
  }

  /** The cluster is there, for the first time or again. */
  #arrived(): void {
    const client = this.#link.client;
    if (!client) return;
    this.#keeper.forgetAll();
    if (this.#watched?.client !== client) {
      this.#watched?.watcher.stop();
      const { installationId, logger, queue } = this.#parts;
      const watcher = new Watcher(client, installationSelector(installationId), (keys) => queue.wakeAll(keys), this.#pods, logger);
      this.#watched = { watcher, client };
      watcher.start();
    }
    void this.#resync.everything();
  }

  #mirrors(): Map<string, string[]> {
    return readMirrors(this.#parts.config.APEX_REGISTRY_MIRRORS, this.#source.kind === 'embedded' ? readEmbeddedNode(this.#source.folder) : null);
  }
}

/** The storage of the operator's settings; null where there is none. The three come together. */
function openStorage(config: Config): S3Storage | null {
  const { APEX_S3_BUCKET: bucket, APEX_S3_ACCESS_KEY_ID: accessKeyId, APEX_S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  if (bucket === undefined || accessKeyId === undefined || secretAccessKey === undefined) return null;
  return new S3Storage({ endpoint: config.APEX_S3_ENDPOINT ?? null, region: config.APEX_S3_REGION, bucket, accessKeyId, secretAccessKey, pathStyle: config.APEX_S3_PATH_STYLE });
}
