import { join, resolve } from 'node:path';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { Config } from '../../config.js';
import { BuildState } from '../../entities/build-state.js';
import { Build } from '../../entities/build.js';
import { moveDeployment, noteProgress } from '../../entities/deployment-log.js';
import { StepName, StepState } from '../../entities/deployment-event.js';
import { DeploymentState, DeploymentTrigger, ReasonCode } from '../../entities/deployment-state.js';
import { Deployment } from '../../entities/deployment.js';
import { Environment } from '../../entities/environment.js';
import { Service } from '../../entities/service.js';
import { StoredImage } from '../../entities/stored-image.js';
import type { Logger } from '../../logger.js';
import type { GithubApps } from '../../outside/github-app.js';
import type { GuardedFetch } from '../../outside/guarded-fetch.js';
import type { HeldLease } from '../../queue/lease.js';
import type { WakeQueue } from '../../queue/wake-queue.js';
import type { Vault } from '../../vault/vault.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { installationSelector } from '../kubernetes/labels.js';
import { lockService, setColumns } from '../service/observation.js';
import { registryLogin } from '../service/registry-login.js';
import { forgetCaches } from './build-caches.js';
import { claimBuild, endRun, hearOf } from './build-claims.js';
import { BuildFailed } from './build-failed.js';
import { removeLeftFolders } from './build-folders.js';
import { BuildLogWriter } from './build-log-writer.js';
import { builderName, buildNamespace } from './build-manifests.js';
import { runBuild, type BuiltImage } from './build-run.js';
import { openSecrets } from './build-secrets.js';
import type { BuilderProvision, BuilderTools } from './builder-tools.js';
import { projectImagesOf } from './generated/generated-dockerfile.js';
import { gitLogin } from './git-login.js';
import type { ImageHomes } from './image-homes.js';
import { OldImages } from './old-images.js';
import { repositoryUrl } from './repository-url.js';

const HEAR_MS = 1_000;
/** Without the database nobody can tell whether the build is still wanted. */
const SILENT_MS = 15_000;
const STEP_MS = 1_000;
const RUNNING_SECONDS = 10;
const WAITING_SECONDS = 2;
const CACHES = 'build-cache';

export interface BuildsParts {
  orm: MikroORM;
  vault: Pick<Vault, 'open' | 'seal'>;
  queue: WakeQueue;
  cluster: ClusterAccess;
  guard: GuardedFetch;
  apps: GithubApps;
  provision: BuilderProvision;
  homes: ImageHomes;
  guardedAddresses: (client: KubeClient, signal?: AbortSignal) => Promise<string[]>;
  /** Whether docker.io's images are looked for in the node's registry first. */
  mirrorsHub: () => boolean;
  config: Config;
  installationId: string;
  logger: Logger;
}

/** What a look at a deployment that is built found out. */
export type BuildLook = { kind: 'built'; digest: string } | { kind: 'moved' } | { kind: 'later'; seconds: number };

/** The build is no longer wanted. */
class Unwanted extends Error {}
class Stopped extends Error {}

/**
 * Runs the builds of this installation's services. A look at a service starts its build and never waits for it; the row
 * says which server's run is at it, and a run that is no longer meant ends within a second.
 */
export class Builds {
  readonly #runs = new Map<string, { stop: (reason: Error) => void; ended: Promise<void> }>();
  #stopping = false;
  readonly #oldImages: OldImages;
  #forgetting: Promise<unknown> | undefined;
  readonly #over = new AbortController();

  constructor(private readonly parts: BuildsParts) {
    this.#oldImages = new OldImages(parts.homes, parts.config.APEX_KEPT_IMAGES, parts.logger);
  }

  async look(service: Service, environment: Environment, deployment: Deployment, lease: HeldLease): Promise<BuildLook> {
    const { orm, config, provision } = this.parts;
    const client = this.parts.cluster();
    const build = await orm.em.fork().findOne(Build, { deploymentId: deployment.id });
    if (build?.state === BuildState.SUCCEEDED && build.digest) return { kind: 'built', digest: build.digest };
    if (!build || (build.state !== BuildState.QUEUED && build.state !== BuildState.RUNNING)) return { kind: 'moved' };
    if (this.#stopping || this.#runs.has(build.id)) return { kind: 'later', seconds: RUNNING_SECONDS };
    const tools = provision.find();
    if ('wait' in tools && !tools.final) return this.#waits(deployment, tools.wait, lease);
    const limits = { atOnce: config.APEX_BUILDS_AT_ONCE, ofTeam: config.APEX_TEAM_BUILDS_AT_ONCE };
    const claim = await orm.em.fork().transactional((tx) => claimBuild(tx, build, limits));
    if (claim.kind === 'waits') return this.#waits(deployment, claim.message, lease);
    if (claim.kind === 'elsewhere') return { kind: 'later', seconds: RUNNING_SECONDS };
    const run = { build, service, environment, deployment, client, runner: claim.kind === 'taken' ? claim.runner : '' };
    if (claim.kind === 'given-up') return this.#giveUp(run);
    this.#begin(run, tools);
    return { kind: 'later', seconds: RUNNING_SECONDS };
  }

  /** Removes what servers that were killed over a build have left on this machine. */
  start(): void {
    try {
      removeLeftFolders();
    } catch (error) {
      this.parts.logger.warn({ err: error }, 'what earlier builds left on the disk could not be removed');
    }
  }

  /** Ends the runs at work; another server, or this one after its start, begins them anew. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.parts.provision.stop();
    for (const { stop } of this.#runs.values()) stop(new Stopped());
    await Promise.all([...this.#runs.values()].map(({ ended }) => ended));
    this.#over.abort(new Stopped());
    await this.#forgetting;
  }

  /** Takes what nobody wants any more out of the registry, in the background. */
  forgetImages(): void {
    if (this.#stopping) return;
    this.#forgetting ??= this.#oldImages
      .forget(this.parts.orm.em.fork(), this.#over.signal)
      .catch((error: unknown) => this.#stopping || this.parts.logger.warn({ err: error }, 'old images could not be taken out of the registry'))
      .finally(() => (this.#forgetting = undefined));
  }

  #begin(run: Run, tools: BuilderTools | { wait: string }): void {
    const over = new AbortController();
    let heard = performance.now();
    const heart = setInterval(() => {
      if (performance.now() - heard > SILENT_MS) return over.abort(new Stopped());
      hearOf(this.parts.orm.em.fork(), run.build.id, run.runner).then(
        (ours) => (ours ? (heard = performance.now()) : over.abort(new Unwanted())),
        () => undefined,
      );
    }, HEAR_MS);
    const seconds = this.parts.config.APEX_BUILD_TIMEOUT_SECONDS;
    const late = setTimeout(() => over.abort(new BuildFailed(`The build did not end within ${seconds} s and was stopped.`)), seconds * 1000);
    const ended = this.#run(run, tools, over.signal)
      .catch((error: unknown) => this.parts.logger.error({ err: error, buildId: run.build.id }, 'the end of a build could not be written'))
      .finally(() => {
        clearInterval(heart);
        clearTimeout(late);
        this.#runs.delete(run.build.id);
      });
    this.#runs.set(run.build.id, { stop: (reason) => over.abort(reason), ended });
  }

  async #run(run: Run, tools: BuilderTools | { wait: string }, signal: AbortSignal): Promise<void> {
    const { orm, vault, logger } = this.parts;
    const { build } = run;
    const [{ lines }] = await orm.em.fork().execute<[{ lines: number }]>('select coalesce(max(first_line + lines), 1)::int as lines from build_log where build_id = ?', [build.id]);
    const log = new BuildLogWriter(orm, vault, build, lines);
    try {
      if ('wait' in tools) throw new BuildFailed(tools.wait);
      await this.#removeForgotten(run.client, signal);
      const built = await this.#build(run, tools, log, signal);
      await log.end();
      await this.#succeeded(run, built);
    } catch (error) {
      const why: unknown = signal.aborted ? signal.reason : error;
      if (why instanceof BuildFailed) log.say(why.message);
      await log.end().catch((failure: unknown) => logger.warn({ err: failure, buildId: build.id }, "a build's log could not be kept"));
      if (why instanceof Unwanted) return;
      if (why instanceof BuildFailed) return this.#failed(run, why);
      if (!(why instanceof Stopped)) logger.warn({ err: why, buildId: build.id }, 'a build was interrupted and is begun again');
      await this.#again(run);
    } finally {
      await forgetCaches(this.parts.orm.em.fork(), this.#caches).catch(() => undefined);
      this.forgetImages();
    }
  }

  async #build({ build, service, environment, deployment, client, runner }: Run, tools: BuilderTools, log: BuildLogWriter, signal: AbortSignal): Promise<BuiltImage> {
    const { orm, vault, config, guard, installationId, homes } = this.parts;
    const target = homes.target(deployment.spec.image, service.teamId);
    if (!target) throw new BuildFailed(`The registry of ${deployment.spec.image} is not one of this installation's any more: deploy again.`);
    const url = repositoryUrl(config.APEX_GIT_URL, build.request);
    let toldAt = 0;
    let told: Promise<unknown> = Promise.resolve();
    return runBuild({
      client, guard, tools, build, url, log, signal,
      guardedAddresses: await this.parts.guardedAddresses(client, signal),
      mirrorsHub: this.parts.mirrorsHub(),
      builder: { installationId, run: runner, environment, limits: { cpu: config.APEX_BUILD_CPU, memory: config.APEX_BUILD_MEMORY }, timeoutSeconds: config.APEX_BUILD_TIMEOUT_SECONDS },
      login: (of) => gitLogin({ vault, apps: this.parts.apps, apiUrl: config.APEX_GITHUB_API_URL }, orm.em.fork(), service.teamId, of, signal),
      registryLogin: (registry) => registryLogin(orm.em.fork(), vault, service.teamId, registry),
      name: service.name,
      secrets: await openSecrets(orm.em.fork(), vault, build),
      images: projectImagesOf(config.APEX_BUILD_IMAGES),
      target, node: homes.embedded(),
      ofOwn: (reference) => homes.find(reference, service.teamId)?.transfer() ?? null,
      isOfOtherTeam: (reference) => homes.isOfOtherTeam(reference, service.teamId),
      tags: (commit) => [commit, ...(deployment.trigger === DeploymentTrigger.PULL_REQUEST ? [] : ['latest'])],
      cache: join(this.#caches, service.id),
      onCommit: async (commit) => {
        await orm.em.fork().transactional(async (tx) => {
          await tx.nativeUpdate(Deployment, { id: deployment.id, commit: null }, { commit });
          await tx.nativeUpdate(Build, { id: build.id, runner }, { commit });
        });
        await this.#tell(deployment, `Building commit ${commit.slice(0, 12)}.`);
      },
      // Before it is stored: whatever becomes of this run, what is in the registry is known and can be taken out again.
      onImage: (digest) => orm.em.fork().upsert(StoredImage, { image: deployment.spec.image, serviceId: service.id, digest, teamId: service.teamId, createdAt: new Date() }).then(() => undefined),
      onStep: (step) => {
        if (performance.now() - toldAt < STEP_MS) return;
        toldAt = performance.now();
        told = told.then(() => this.#tell(deployment, step)).catch(() => undefined);
      },
    }).finally(() => told);
  }

  async #succeeded({ build, runner, service, deployment }: Run, { digest }: BuiltImage): Promise<void> {
    await this.parts.orm.em.fork().transactional(async (tx) => {
      if (!(await endRun(tx, build.id, runner, { state: BuildState.SUCCEEDED, digest }))) return;
      await this.parts.queue.wake(tx, `service/${service.id}`);
    });
  }

  async #failed({ build, runner, service, deployment }: Run, { message, step }: BuildFailed): Promise<void> {
    const killed = step && /exit code: 137\b/.test(step.error) ? ` It was killed, most likely because the build used more memory than its limit of ${this.parts.config.APEX_BUILD_MEMORY}.` : '';
    const told = `${message}${killed}`;
    await this.parts.orm.em.fork().transactional(async (tx) => {
      await lockBoth(tx, service, deployment);
      if (!(await endRun(tx, build.id, runner, { state: BuildState.FAILED, message: told, failingStep: step?.name ?? null }))) return;
      const lines = step?.lastLines ?? [];
      const sealedLastLines = lines.length > 0 ? await this.parts.vault.seal(tx, service.teamId, deployment.id, JSON.stringify(lines)) : null;
      await this.#fail(tx, service, deployment, { code: ReasonCode.BUILD_FAILED, message: told }, sealedLastLines);
    });
  }

  async #giveUp({ build, service, deployment }: Run): Promise<BuildLook> {
    const message = 'The build was begun several times and interrupted each time. Deploy again; where it stays so, look at the log of the server.';
    await this.parts.orm.em.fork().transactional(async (tx) => {
      await lockBoth(tx, service, deployment);
      const ended = await tx.nativeUpdate(Build, { id: build.id, state: { $in: [BuildState.QUEUED, BuildState.RUNNING] } }, { state: BuildState.FAILED, message, runner: null, endedAt: new Date() });
      if (ended === 1) await this.#fail(tx, service, deployment, { code: ReasonCode.BUILD_FAILED, message }, null);
    });
    this.forgetImages();
    return { kind: 'moved' };
  }

  async #fail(tx: EntityManager, service: Service, { id }: Deployment, reason: { code: ReasonCode; message: string }, sealedLastLines: string | null): Promise<void> {
    const moved = await moveDeployment(tx, { id, from: DeploymentState.BUILDING, to: DeploymentState.FAILED, step: StepName.BUILD, stepState: StepState.FAILED, reason, set: { sealedLastLines } });
    if (moved && service.currentDeploymentId === null) await setColumns(tx, service.id, { statusMessage: reason.message });
    await this.parts.queue.wake(tx, `service/${service.id}`);
  }

  async #again({ build, runner, service }: Run): Promise<void> {
    await this.parts.orm.em.fork().transactional(async (tx) => {
      if (await endRun(tx, build.id, runner, { state: BuildState.QUEUED, message: 'It was interrupted, and is begun again.' })) await this.parts.queue.wake(tx, `service/${service.id}`);
    });
  }

  async #waits(deployment: Deployment, message: string, { fence }: HeldLease): Promise<BuildLook> {
    await this.parts.orm.em.fork().transactional((tx) => noteProgress(tx, deployment, { step: StepName.BUILD, stepState: StepState.RUNNING, message, fence }));
    return { kind: 'later', seconds: WAITING_SECONDS };
  }

  async #tell({ id }: Deployment, message: string): Promise<void> {
    await this.parts.orm.em.fork().transactional((tx) => noteProgress(tx, { id, state: DeploymentState.BUILDING }, { step: StepName.BUILD, stepState: StepState.RUNNING, message }));
  }

  get #caches(): string {
    return resolve(this.parts.config.APEX_HOME, CACHES);
  }

  /** Builders of servers that died over a build: nobody speaks to them any more. */
  async #removeForgotten(client: KubeClient, signal: AbortSignal): Promise<void> {
    const { items } = await client.list<KubeObject>('Job', installationSelector(this.parts.installationId), buildNamespace(this.parts.installationId), signal);
    if (items.length === 0) return;
    // Asked for after the list: a run is in its row before its builder is there.
    const rows = await this.parts.orm.em.fork().execute<{ runner: string }[]>(`select runner from build where state = 'RUNNING' and runner is not null`);
    const wanted = new Set(rows.map(({ runner }) => builderName(runner)));
    for (const job of items) if (!wanted.has(job.metadata.name)) await client.remove({ ...job, apiVersion: 'batch/v1', kind: 'Job' }, signal);
  }
}

/** In the order in which whoever ends a deployment, and its build with it, takes them. */
async function lockBoth(tx: EntityManager, service: Service, deployment: Deployment): Promise<void> {
  await lockService(tx, service.id);
  await tx.execute('select 1 from deployment where id = ? for update', [deployment.id]);
}

interface Run {
  build: Build;
  service: Service;
  environment: Environment;
  deployment: Deployment;
  client: KubeClient;
  runner: string;
}
