import { createHash } from 'node:crypto';
import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import type { DatabaseSizes } from '../../entities/database-catalogue.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import { Deployment } from '../../entities/deployment.js';
import { EnvironmentKind } from '../../entities/environment-kind.js';
import { Environment, namespaceFor } from '../../entities/environment.js';
import { Installation } from '../../entities/installation.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { Preview } from '../../entities/preview.js';
import { assertPreviewMove, PreviewState } from '../../entities/preview-state.js';
import { Service } from '../../entities/service.js';
import { Team } from '../../entities/team.js';
import { quotaOf, type TeamQuota } from '../../entities/team-quota.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { Vault } from '../../vault/vault.js';
import { startDeployment } from '../deployment/start-deployment.js';
import { removeEnvironment } from '../environment/remove-environment.js';
import { copyDatabase } from './copy-database.js';
import { copyService, previewOf } from './copy-service.js';
import { planPreview } from './preview-plan.js';

export interface PreviewParts {
  vault: Vault;
  orchestrator: Orchestrator;
  domain: string;
  /** As many may a team have open. */
  mostPreviews: number;
  sizes: DatabaseSizes;
  quotaDefaults: Partial<TeamQuota>;
}

/** A service of a preview and its new deployment. */
export interface PreviewDeployment {
  serviceId: string;
  deploymentId: string;
}

const NAME_LENGTH = 40;

/** Makes, changes and deletes the environments of previews, in the caller's transaction, which holds the preview's row locked. */
export class PreviewEnvironments {
  constructor(private readonly parts: PreviewParts) {}

  /**
   * Sees to it that the environment is there with a copy of all that it takes, and deploys the pull request's newest commit
   * of each service of its repository. Null where a limit of the team is in the way; the row then says which.
   */
  async deploy(tx: EntityManager, preview: Preview, own: Service[], context: RequestContext): Promise<PreviewDeployment[] | null> {
    const environment = (await this.environmentOf(tx, preview)) ?? (await this.open(tx, preview, context));
    if (!environment) return null;
    const { vault, domain } = this.parts;
    const plan = await planPreview(tx, preview, own);
    const wish = { preview, environmentId: environment.id, databases: await this.databases(tx, plan.databases, environment.id), vault, domain };
    const there = new Map((await tx.find(Service, { environmentId: environment.id, deletedAt: null }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })).map((service) => [service.name, service]));
    const deployments: PreviewDeployment[] = [];
    for (const original of plan.needed) {
      if (there.has(original.name)) continue;
      const copy = await copyService(tx, original, wish);
      deployments.push(await this.start(tx, copy, context, { pinned: { digest: await servingDigest(tx, original) } }));
    }
    const push = { before: '', commit: preview.commit, pushedAt: preview.lastEventAt };
    for (const original of plan.own) {
      const known = there.get(original.name);
      const copy = known ? Object.assign(known, previewOf(original, preview)) : await copyService(tx, original, wish);
      deployments.push(await this.start(tx, copy, context, { push }));
    }
    this.move(preview, PreviewState.OPEN, null);
    preview.notes = plan.notes;
    preview.closedAt = null;
    preview.lastActivityAt = new Date();
    await tx.flush();
    await recordAudit(tx, context, { action: 'deployPreview', teamId: preview.teamId, target: { kind: 'preview', id: preview.id, name: environment.name }, after: { repository: preview.repository, number: preview.number, commit: preview.commit } });
    return deployments;
  }

  /** Deletes the environment with all that is in it; the row stays, and says why. */
  async close(tx: EntityManager, preview: Preview, why: string, context: RequestContext): Promise<void> {
    const environment = await this.environmentOf(tx, preview);
    if (environment) await removeEnvironment(tx, environment, this.parts.orchestrator, why);
    this.move(preview, PreviewState.CLOSED, why);
    preview.notes = [];
    preview.closedAt = new Date();
    await tx.flush();
    await recordAudit(tx, context, { action: 'closePreview', teamId: preview.teamId, target: { kind: 'preview', id: preview.id, name: environment?.name ?? null }, after: { repository: preview.repository, number: preview.number, why } });
  }

  /** Nothing of the commit is built or run, and no secret given, until a member approves it. What an earlier approval runs goes on. */
  async awaitApproval(tx: EntityManager, preview: Preview): Promise<void> {
    this.move(preview, PreviewState.AWAITING_APPROVAL, `The commit ${preview.commit.slice(0, 12)} comes from a fork: look at it, then approve it with approvePreview.`);
    preview.closedAt = null;
    preview.lastActivityAt = new Date();
    await tx.flush();
  }

  private move(preview: Preview, to: PreviewState, message: string | null): void {
    assertPreviewMove(preview.state, to);
    preview.state = to;
    preview.message = message;
  }

  private async environmentOf(tx: EntityManager, { environmentId }: Preview): Promise<Environment | null> {
    return environmentId ? tx.findOne(Environment, { id: environmentId, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null;
  }

  /** The team stays locked, so that two of its previews do not take the same last place. */
  private async open(tx: EntityManager, preview: Preview, context: RequestContext): Promise<Environment | null> {
    const { teamId } = preview;
    const team = await tx.findOneOrFail(Team, { id: teamId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const refusal = await this.refusal(tx, team);
    if (refusal) {
      this.move(preview, PreviewState.REFUSED, refusal);
      await tx.flush();
      await recordAudit(tx, context, { action: 'deployPreview', teamId, target: { kind: 'preview', id: preview.id, name: null }, outcome: 'REFUSED', after: { repository: preview.repository, number: preview.number, why: refusal } });
      return null;
    }
    const name = await freeName(tx, preview);
    const { id: installationId } = await tx.findOneOrFail(Installation, { only: true });
    const id = newId();
    const environment = Object.assign(new Environment(), { id, teamId, name, kind: EnvironmentKind.PREVIEW, namespace: namespaceFor(installationId, id, name), createdAt: new Date() });
    await tx.persist(environment).flush();
    preview.environmentId = id;
    return environment;
  }

  private async refusal(tx: EntityManager, { id: teamId, quota }: Team): Promise<string | null> {
    const { mostPreviews, quotaDefaults } = this.parts;
    const { environments } = quotaOf(quota, quotaDefaults);
    if ((await tx.count(Environment, { teamId, kind: EnvironmentKind.PREVIEW, deletedAt: null })) >= mostPreviews) return `The team has reached its limit of ${mostPreviews} open previews. Close a pull request or a preview, then push again.`;
    if ((await tx.count(Environment, { teamId, deletedAt: null })) >= environments) return `The team has reached its limit of ${environments} environments. Delete one, then push again.`;
    return null;
  }

  /** A fresh one for each that is not there yet, by the id of what it stands for. */
  private async databases(tx: EntityManager, originals: ManagedDatabase[], environmentId: string): Promise<Map<string, string>> {
    const copies = new Map<string, string>();
    for (const original of originals) {
      const known = await tx.findOne(ManagedDatabase, { environmentId, name: original.name, deletedAt: null });
      copies.set(original.id, (known ?? (await copyDatabase(tx, original, environmentId, this.parts))).id);
    }
    return copies;
  }

  private async start(tx: EntityManager, service: Service, { actor }: RequestContext, more: Pick<Parameters<typeof startDeployment>[1], 'push' | 'pinned'>): Promise<PreviewDeployment> {
    const { id } = await startDeployment(tx, { service, trigger: DeploymentTrigger.PULL_REQUEST, actor, orchestrator: this.parts.orchestrator, ...more });
    return { serviceId: service.id, deploymentId: id };
  }
}

/** A service that is only needed runs what the original runs now, and not whatever its tag means by then. */
async function servingDigest(tx: EntityManager, { currentDeploymentId }: Service): Promise<string | null> {
  return currentDeploymentId ? ((await tx.findOne(Deployment, { id: currentDeploymentId }))?.digest ?? null) : null;
}

/** `pr-<number>-<repository>`, as far as a name may have it; with a suffix where another repository of that name, or of another forge, has taken it. */
async function freeName(tx: EntityManager, { teamId, number, repository, url }: Preview): Promise<string> {
  const bare = (repository.split('/').at(-1) ?? '').toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const suffix = createHash('sha256').update(`${new URL(url).host}/${repository.toLowerCase()}`).digest('hex').slice(0, 4);
  const wished = `pr-${number}-${bare}`.slice(0, NAME_LENGTH).replace(/-+$/, '');
  const isTaken = (await tx.count(Environment, { teamId, name: wished, deletedAt: null })) > 0;
  return isTaken ? `${wished.slice(0, NAME_LENGTH - suffix.length - 1).replace(/-+$/, '')}-${suffix}` : wished;
}
