import type { MikroORM } from '@mikro-orm/postgresql';
import { moveDeployment } from '../../entities/deployment-log.js';
import { StepName, StepState } from '../../entities/deployment-event.js';
import { DeploymentState, ReasonCode } from '../../entities/deployment-state.js';
import { Deployment } from '../../entities/deployment.js';
import { requireFence } from '../../entities/fence.js';
import type { HeldLease } from '../../queue/lease.js';
import type { Vault } from '../../vault/vault.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { installationSelector, LABELS } from '../kubernetes/labels.js';
import { CONTAINER } from './container-manifest.js';
import type { ServiceFacts } from './facts.js';
import { lastLines } from './last-lines.js';
import { lockService, setColumns } from './observation.js';
import type { Condition, PodObject } from './observed.js';
import { preDeployManifest, preDeployName } from './pre-deploy-manifest.js';
import { serviceManifests } from './service-manifests.js';
import { findTrouble } from './trouble.js';
import type { Workload } from './workload.js';

interface JobObject extends KubeObject {
  status?: { conditions?: Condition[] };
}

interface Verdict {
  code: ReasonCode;
  message: string;
}

/** The watcher tells of each change of the Job; this is for what it missed. */
const RUNNING_SECONDS = 5;
const OLDER_ENDS_SECONDS = 1;
const IMAGE_CODES: ReadonlySet<ReasonCode> = new Set([ReasonCode.IMAGE_NOT_FOUND, ReasonCode.IMAGE_UNAUTHORIZED]);

/** Runs a deployment's pre-deploy step: once, whoever is killed meanwhile. When it fails, nothing has been changed. */
export class PreDeployStep {
  constructor(
    private readonly orm: MikroORM,
    private readonly vault: Pick<Vault, 'seal'>,
    private readonly cluster: ClusterAccess,
    private readonly installationId: string,
  ) {}

  /** 'moved' when the deployment has left PRE_DEPLOY; else when to look again, or never while the service is paused. */
  async look(facts: ServiceFacts, workload: Workload, deployment: Deployment, lease: HeldLease): Promise<'moved' | 'waits' | { seconds: number }> {
    const client = this.cluster();
    const { jobs, pods } = await this.#read(client, workload, lease.signal);
    const job = jobs.find(({ metadata }) => metadata.name === preDeployName(deployment.id));
    if (!job && deployment.preDeployStartedAt) return this.#failed(facts, deployment, [], { code: ReasonCode.PRE_DEPLOY_FAILED, message: 'The pre-deploy step was taken away before it had ended. Nothing was changed.' }, lease);
    if (!job) return facts.service.paused ? 'waits' : this.#begin(client, workload, deployment, jobs, pods, lease);
    if (!deployment.preDeployStartedAt) await this.#noteStart(deployment, lease);
    const own = pods.filter(({ metadata }) => metadata.labels?.[LABELS.deployment] === deployment.id);
    if (isTrue(job, 'Complete')) return this.#passed(facts, deployment, lease);
    const verdict = verdictOf(job, own, deployment, workload);
    return verdict ? this.#failed(facts, deployment, own, verdict, lease) : { seconds: RUNNING_SECONDS };
  }

  /** Only once nothing of an earlier deployment's step is left: two of them never run at once. */
  async #begin(client: KubeClient, workload: Workload, deployment: Deployment, jobs: readonly JobObject[], pods: readonly PodObject[], lease: HeldLease): Promise<{ seconds: number }> {
    for (const older of jobs) if (!older.metadata.deletionTimestamp) await client.remove(older, lease.signal);
    if (jobs.length + pods.length > 0) return { seconds: OLDER_ENDS_SECONDS };
    for (const object of serviceManifests(workload)) if (object.kind === 'Secret') await client.apply(object, lease.signal);
    await requireFence(this.orm.em.fork(), lease.fence);
    await client.apply(preDeployManifest(workload), lease.signal);
    await this.#noteStart(deployment, lease);
    return { seconds: RUNNING_SECONDS };
  }

  async #read(client: KubeClient, { service, environment }: Workload, signal: AbortSignal): Promise<{ jobs: JobObject[]; pods: PodObject[] }> {
    const ours = installationSelector(this.installationId);
    const [jobs, pods] = await Promise.all([
      client.list<JobObject>('Job', `${ours},${LABELS.service}=${service.id}`, environment.namespace, signal),
      client.list<PodObject>('Pod', `${ours},${LABELS.preDeployOf}=${service.id}`, environment.namespace, signal),
    ]);
    return { jobs: jobs.items, pods: pods.items };
  }

  async #noteStart({ id, state }: Deployment, { fence }: HeldLease): Promise<void> {
    await this.orm.em.fork().transactional(async (tx) => {
      await requireFence(tx, fence);
      await tx.nativeUpdate(Deployment, { id, state, preDeployStartedAt: null }, { preDeployStartedAt: new Date() });
    });
  }

  async #passed({ service }: ServiceFacts, { id }: Deployment, { fence }: HeldLease): Promise<'moved'> {
    await this.orm.em.fork().transactional((tx) =>
      moveDeployment(tx, {
        id, from: DeploymentState.PRE_DEPLOY, to: DeploymentState.ROLLING_OUT, step: StepName.ROLL_OUT, stepState: StepState.RUNNING,
        message: 'Rolling out.', set: { rolloutStartedAt: service.paused ? null : new Date() }, fence,
      }),
    );
    return 'moved';
  }

  async #failed(facts: ServiceFacts, { id }: Deployment, pods: readonly PodObject[], reason: Verdict, { fence, signal }: HeldLease): Promise<'moved'> {
    const lines = await lastLines(this.cluster(), pods, CONTAINER, signal);
    await this.orm.em.fork().transactional(async (tx) => {
      await lockService(tx, facts.service.id);
      const sealedLastLines = lines.length > 0 ? await this.vault.seal(tx, facts.service.teamId, id, JSON.stringify(lines)) : null;
      const failed = await moveDeployment(tx, {
        id, from: DeploymentState.PRE_DEPLOY, to: DeploymentState.FAILED, step: StepName.PRE_DEPLOY, stepState: StepState.FAILED, reason, set: { sealedLastLines }, fence,
      });
      if (failed && !facts.current) await setColumns(tx, facts.service.id, { statusMessage: reason.message });
    });
    return 'moved';
  }
}

const isTrue = (job: JobObject, type: string): Condition | undefined => job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');

function verdictOf(job: JobObject, pods: readonly PodObject[], deployment: Deployment, workload: Workload): Verdict | null {
  const failed = isTrue(job, 'Failed');
  if (failed?.reason === 'DeadlineExceeded') {
    return { code: ReasonCode.PRE_DEPLOY_FAILED, message: `The pre-deploy step did not end within ${workload.release.spec.preDeploy?.timeoutSeconds} s and was stopped. Nothing was changed.` };
  }
  if (failed) {
    const ended = pods.map(({ status }) => status?.containerStatuses?.[0]?.state?.terminated).find((state) => state !== undefined);
    const how = ended?.reason === 'OOMKilled' ? 'used more memory than its limit' : ended ? `ended with exit code ${ended.exitCode}` : 'failed';
    return { code: ReasonCode.PRE_DEPLOY_FAILED, message: `The pre-deploy step ${how}. Nothing was changed; its last lines say why.` };
  }
  const trouble = findTrouble(undefined, pods, deployment.image, Date.now());
  return trouble?.final && IMAGE_CODES.has(trouble.code) ? { code: trouble.code, message: trouble.message } : null;
}
