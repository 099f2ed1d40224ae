import { newTeam } from '../../src/auth/new-team.js';
import { issueToken } from '../../src/auth/issue-token.js';
import { Account } from '../../src/entities/account.js';
import { DatabaseUsage } from '../../src/entities/database-usage.js';
import { BackupSchedule } from '../../src/entities/backup-schedule.js';
import { Backup } from '../../src/entities/backup.js';
import { BackupState } from '../../src/entities/backup-state.js';
import { PointInTimeRecovery } from '../../src/entities/point-in-time-recovery.js';
import { BackupPlace } from '../../src/entities/backup-place.js';
import { RecoveryPartKind } from '../../src/entities/recovery-part-kind.js';
import { RecoveryPart } from '../../src/entities/recovery-part.js';
import { Restore } from '../../src/entities/restore.js';
import { Deployment } from '../../src/entities/deployment.js';
import { DeploymentEvent } from '../../src/entities/deployment-event.js';
import { DeploymentState, DeploymentTrigger } from '../../src/entities/deployment-state.js';
import { newId } from '../../src/entities/columns.js';
import { EnvGroup } from '../../src/entities/env-group.js';
import { Environment, namespaceFor } from '../../src/entities/environment.js';
import { Installation } from '../../src/entities/installation.js';
import { DatabaseSize, DatabaseType } from '../../src/entities/database-state.js';
import { LogDrain } from '../../src/entities/log-drain.js';
import { ManagedDatabase } from '../../src/entities/managed-database.js';
import { Invitation } from '../../src/entities/invitation.js';
import { Membership } from '../../src/entities/membership.js';
import { Preview } from '../../src/entities/preview.js';
import { PreviewState } from '../../src/entities/preview-state.js';
import { RegistryCredential } from '../../src/entities/registry-credential.js';
import { Release } from '../../src/entities/release.js';
import { Role } from '../../src/entities/roles.js';
import { ServiceEnvGroup } from '../../src/entities/service-env-group.js';
import { Build } from '../../src/entities/build.js';
import { BuildState } from '../../src/entities/build-state.js';
import { AutoDeploy } from '../../src/entities/service-source.js';
import { specOf } from '../../src/entities/workload-spec.js';
import { insertDelivery, insertRunningService } from './rows.js';
import type { TestAccount, TestApi } from './test-api.js';

/** A team that owns one of everything. */
export interface World {
  teamId: string;
  teamName: string;
  serviceId: string;
  otherServiceId: string;
  /** Unfinished. */
  deploymentId: string;
  /** What the service runs. */
  releaseId: string;
  /** Without a service. */
  environmentId: string;
  /** In the service's environment. */
  databaseId: string;
  /** Of the database; it is stored nowhere. */
  backupId: string;
  spareBackupId: string;
  /** Of the first backup. */
  restoreId: string;
  /** Attached to the service. */
  groupId: string;
  spareGroupId: string;
  /** A push, delivered to the service. */
  deliveryId: string;
  /** Of an invitation. */
  membershipId: string;
  /** Of a VIEWER of its own. */
  memberId: string;
  credentialId: string;
  /** Of a fork's pull request: it awaits approval. */
  previewId: string;
  logDrainId: string;
  /** Of the owner. */
  tokenId: string;
}

/** The ids of nothing at all. */
export const NOWHERE: World = Object.fromEntries(
  ['teamId', 'teamName', 'serviceId', 'otherServiceId', 'deploymentId', 'releaseId', 'environmentId', 'databaseId', 'backupId', 'spareBackupId', 'restoreId', 'groupId', 'spareGroupId', 'deliveryId', 'membershipId', 'memberId', 'credentialId', 'logDrainId', 'previewId', 'tokenId'].map((key) => [key, '01900000-0000-7000-8000-000000000000']),
) as unknown as World;

let made = 0;

/** Makes a team of `owner` with one of everything in it. */
export async function createWorld(api: Pick<TestApi, 'database' | 'vault' | 'em'>, owner: Pick<TestAccount, 'id'>): Promise<World> {
  const { id: installationId } = await api.em.findOneOrFail(Installation, { only: true });
  const teamName = `World ${(made += 1)}`;
  const team = await api.em.transactional((tx) => newTeam(tx, api.vault, installationId, { name: teamName, personal: false, accountId: owner.id }));
  const service = await insertRunningService(api.database, `world-${made}-${newId().slice(-6)}`, { teamId: team.id });
  const other = await insertRunningService(api.database, `other-${made}-${newId().slice(-6)}`, {
    teamId: team.id, source: { repository: 'world/web', branch: 'main', path: null, autoDeploy: AutoDeploy.IMAGE }, previews: { enabled: true, image: null, needs: [], variables: [] },
  });
  const deliveryId = await insertDelivery(api.database, service.id);
  return api.em.transactional(async (tx) => {
    const ids = { environmentId: newId(), databaseId: newId(), backupId: newId(), spareBackupId: newId(), restoreId: newId(), groupId: newId(), spareGroupId: newId(), membershipId: newId(), memberId: newId(), credentialId: newId(), logDrainId: newId(), previewId: newId(), deploymentId: newId(), releaseId: newId() };
    const of = { teamId: team.id };
    const environment = Object.assign(new Environment(), { id: ids.environmentId, ...of, name: 'staging', namespace: namespaceFor(installationId, ids.environmentId, 'staging') });
    const database = Object.assign(new ManagedDatabase(), {
      id: ids.databaseId, ...of, environmentId: service.environmentId, name: 'world-database', type: DatabaseType.POSTGRES, version: '15', size: DatabaseSize.SMALL,
      resources: { cpu: '500m', memory: '512Mi' }, storage: '5Gi', sealedPassword: await api.vault.seal(tx, team.id, ids.databaseId, 'world-password'),
    });
    const group = Object.assign(new EnvGroup(), { id: ids.groupId, ...of, name: 'attached' });
    const spare = Object.assign(new EnvGroup(), { id: ids.spareGroupId, ...of, name: 'spare' });
    const invitation = Object.assign(new Invitation(), { id: ids.membershipId, ...of, email: `${newId()}@example.com`, role: Role.VIEWER, hash: newId(), expiresAt: new Date(Date.now() + 60_000) });
    const deployment = Object.assign(new Deployment(), {
      id: ids.deploymentId, serviceId: service.id, state: DeploymentState.QUEUED, trigger: DeploymentTrigger.API, image: service.image, spec: specOf(service),
    });
    const account = Object.assign(new Account(), { name: 'Viewer' });
    await tx.persist(account).flush();
    const member = Object.assign(new Membership(), { id: ids.memberId, ...of, accountId: account.id, role: Role.VIEWER });
    const credential = Object.assign(new RegistryCredential(), { id: ids.credentialId, ...of, registry: 'registry.example.com', username: 'ci', sealedPassword: 'sealed' });
    const drain = Object.assign(new LogDrain(), { id: ids.logDrainId, ...of, name: 'world drain', url: 'https://logs.example.com/' });
    const preview = Object.assign(new Preview(), { id: ids.previewId, ...of, repository: 'world/web', number: 1, url: 'https://github.com/world/web/pull/1', branch: 'patch', commit: 'a'.repeat(40), fork: true, state: PreviewState.AWAITING_APPROVAL });
    const backups = [ids.backupId, ids.spareBackupId].map((id) => Object.assign(new Backup(), { id, ...of, databaseId: ids.databaseId, engine: DatabaseType.POSTGRES, version: '15', state: BackupState.DONE, contentSize: 0 }));
    for (const backup of backups) backup.sealedKey = await api.vault.seal(tx, team.id, backup.id, 'world-key');
    const restore = Object.assign(new Restore(), { id: ids.restoreId, ...of, backupId: ids.backupId, databaseId: ids.databaseId, state: BackupState.DONE });
    const schedule = Object.assign(new BackupSchedule(), { ...of, databaseId: ids.databaseId, cron: '30 3 * * *', timeZone: 'UTC', keepCount: 7, nextAt: new Date(Date.now() + 86_400_000) });
    const usage = Object.assign(new DatabaseUsage(), { databaseId: ids.databaseId, storageUsed: 1, storageTotal: 2, observedAt: new Date() });
    const recovery = Object.assign(new PointInTimeRecovery(), { ...of, databaseId: ids.databaseId, keepDays: 7, chain: 1, latest: new Date() });
    const parts = [{ kind: RecoveryPartKind.BASE, name: 'base', reachedAt: new Date('2025-01-01T00:00:00Z') }, { kind: RecoveryPartKind.SEGMENT, name: '000000010000000000000001', reachedAt: new Date('2026-02-01T00:00:00Z') }].map((part) =>
      Object.assign(new RecoveryPart(), { ...of, ...part, databaseId: ids.databaseId, chain: 1, segment: 1, size: 1, contentSize: 1, place: BackupPlace.VOLUME }),
    );
    for (const part of parts) part.sealedKey = await api.vault.seal(tx, team.id, part.id, 'world-key');
    await tx.persist([...backups, schedule, recovery, ...parts, usage, restore, member, credential, drain, preview, environment, database, group, spare, invitation, deployment]).flush();
    await tx.insert(DeploymentEvent, Object.assign(new DeploymentEvent(), { deploymentId: deployment.id, number: 1, state: DeploymentState.QUEUED }));
    await tx.insert(Build, Object.assign(new Build(), { deploymentId: deployment.id, serviceId: service.id, ...of, state: BuildState.FAILED, request: { repository: 'world/web', branch: 'main', path: null, dockerfile: null, target: null, buildArgs: null } }));
    await tx.insert(Release, Object.assign(new Release(), { id: ids.releaseId, serviceId: service.id, number: 1, digest: `sha256:${'a'.repeat(64)}`, spec: specOf(service) }));
    await tx.execute('update deployment set release_id = ? where service_id = ? and state = ?', [ids.releaseId, service.id, DeploymentState.LIVE], 'run');
    await tx.insert(ServiceEnvGroup, { id: newId(), serviceId: service.id, groupId: group.id, position: 1, createdAt: new Date() });
    const { token } = await issueToken(tx, { accountId: owner.id, teamId: team.id, name: 'of the world', scopes: ['read'], expiresAt: null });
    return { teamId: team.id, teamName, serviceId: service.id, otherServiceId: other.id, tokenId: token.id, deliveryId, ...ids };
  });
}
