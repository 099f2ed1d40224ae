import { createPubSub } from '@graphql-yoga/subscription';
import { lexicographicSortSchema, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, type ClassType } from 'type-graphql';
import { auditMutations } from '../auth/audit-log.js';
import { guardSchema } from '../auth/guard-schema.js';
import { BUILD_MOVES, BuildState } from '../entities/build-state.js';
import { checkStateTable, DEPLOYMENT_MOVES, DeploymentState } from '../entities/deployment-state.js';
import { DATABASE_SIZES, type DatabaseSizes } from '../entities/database-catalogue.js';
import { DATABASE_MOVES, DatabaseState } from '../entities/database-state.js';
import type { Database } from '../entities/database.js';
import type { Events } from '../events.js';
import { githubHost, type GithubApi } from '../outside/github-api.js';
import type { GithubApps } from '../outside/github-app.js';
import type { Courtesy } from '../queue/courtesy.js';
import type { Orchestrator } from '../orchestrator/port.js';
import { holdToRules } from '../schema/check-input.js';
import type { TeamQuota } from '../entities/team-quota.js';
import type { Vault } from '../vault/vault.js';
import { AcceptInvitationMutation } from './account/accept-invitation.mutation.js';
import { SignInMutation } from './account/sign-in.mutation.js';
import { SignUpMutation } from './account/sign-up.mutation.js';
import { UpdateAccountMutation } from './account/update-account.mutation.js';
import { VIEWER_CAN } from './account/viewer-can.fields.js';
import { ViewerQuery } from './account/viewer.query.js';
import { BackupContentSubscription } from './database/backup-content.subscription.js';
import type { BackupMail } from './database/backup-mail.js';
import { BackupsQuery } from './database/backups.query.js';
import { CreateBackupMutation } from './database/create-backup.mutation.js';
import { BuildLogsQuery } from './build/build-logs.query.js';
import { BuildLogsSubscription } from './build/build-logs.subscription.js';
import { BuildOfDeployment } from './build/build.fields.js';
import { BuildSecretsOfService } from './build/build-secrets.fields.js';
import { CreateDatabaseMutation } from './database/create-database.mutation.js';
import { DatabaseQuery } from './database/database.query.js';
import { DeleteBackupScheduleMutation } from './database/delete-backup-schedule.mutation.js';
import { DeleteBackupMutation } from './database/delete-backup.mutation.js';
import { DeleteDatabaseMutation } from './database/delete-database.mutation.js';
import { LinkDatabaseMutation } from './database/link-database.mutation.js';
import { PauseDatabaseMutation } from './database/pause-database.mutation.js';
import { ResizeDatabaseMutation } from './database/resize-database.mutation.js';
import { EndPointInTimeRecoveryMutation } from './database/end-point-in-time-recovery.mutation.js';
import { PointInTimeRecoveryQuery } from './database/point-in-time-recovery.query.js';
import { RecoverDatabaseMutation } from './database/recover-database.mutation.js';
import { RestoreBackupMutation } from './database/restore-backup.mutation.js';
import { RunBackupSchedulesMutation } from './database/run-backup-schedules.mutation.js';
import { SendBackupNoticesMutation } from './database/send-backup-notices.mutation.js';
import { SetPointInTimeRecoveryMutation } from './database/set-point-in-time-recovery.mutation.js';
import { SetBackupScheduleMutation } from './database/set-backup-schedule.mutation.js';
import { RotateDatabaseCredentialsMutation } from './database/rotate-database-credentials.mutation.js';
import { UndeleteDatabaseMutation } from './database/undelete-database.mutation.js';
import { AuditLogFields } from './audit/audit-log.fields.js';
import { CancelDeploymentMutation } from './deployment/cancel-deployment.mutation.js';
import { DeploymentAuthorFields } from './deployment/deployment-author.fields.js';
import { DeploymentReasonFields } from './deployment/deployment-reason.fields.js';
import { DeploymentFields } from './deployment/deployment.fields.js';
import { DeploymentProgressSubscription } from './deployment/deployment-progress.subscription.js';
import { DeploymentQuery } from './deployment/deployment.query.js';
import { AttachEnvGroupMutation } from './env-group/attach-env-group.mutation.js';
import { CreateEnvGroupMutation } from './env-group/create-env-group.mutation.js';
import { DeleteEnvGroupMutation } from './env-group/delete-env-group.mutation.js';
import { EnvGroupFields, ServiceVariableFields } from './env-group/env-group.fields.js';
import { EnvGroupQuery } from './env-group/env-group.query.js';
import { RevealVariablesMutation } from './env-group/reveal-variables.mutation.js';
import { UpdateEnvGroupMutation } from './env-group/update-env-group.mutation.js';
import { CreateEnvironmentMutation } from './environment/create-environment.mutation.js';
import { DeleteEnvironmentMutation } from './environment/delete-environment.mutation.js';
import { GuardEnvironmentMutations } from './environment/guard-environment.mutations.js';
import { EnvironmentQuery } from './environment/environment.query.js';
import { acceptClientMutationIds } from './idempotency/client-mutation-ids.js';
import { IdempotentCalls } from './idempotency/idempotent-calls.js';
import { readAgain } from './idempotency/read-again.js';
import { RotateKeysMutation } from './installation/rotate-keys.mutation.js';
import { CreateLogDrainMutation } from './log-drain/create-log-drain.mutation.js';
import { DeleteLogDrainMutation } from './log-drain/delete-log-drain.mutation.js';
import { LogDrainsQuery } from './log-drain/log-drains.query.js';
import { UpdateLogDrainMutation } from './log-drain/update-log-drain.mutation.js';
import { DatabaseLogsSubscription } from './logs/database-logs.subscription.js';
import { PreDeployLogsSubscription } from './logs/pre-deploy-logs.subscription.js';
import { OtherLogsQuery } from './logs/other-logs.query.js';
import { LogHistoryQuery } from './logs/log-history.query.js';
import { SendReportsMutation } from './report/send-reports.mutation.js';
import { ServiceLogsQuery } from './logs/service-logs.query.js';
import { ServiceLogsSubscription } from './logs/service-logs.subscription.js';
import { PromoteServiceMutation } from './release/promote-service.mutation.js';
import { ApprovePreviewMutation } from './preview/approve-preview.mutation.js';
import { CloseIdlePreviewsMutation } from './preview/close-idle-previews.mutation.js';
import { ClosePreviewMutation } from './preview/close-preview.mutation.js';
import { PreviewEnvironments } from './preview/preview-environments.js';
import { PreviewsQuery } from './preview/previews.query.js';
import { PullRequestPreviews } from './preview/pull-request-previews.js';
import { ReleaseQuery, ServiceReleases } from './release/release.query.js';
import { RollbackServiceMutation } from './release/rollback-service.mutation.js';
import { RegistryCredentialResolver } from './registry/registry-credentials.js';
import { DeleteServiceMutation } from './service/delete-service.mutation.js';
import { DeployServiceMutation } from './service/deploy-service.mutation.js';
import { PauseServiceMutation } from './service/pause-service.mutation.js';
import { RedeployServiceMutation } from './service/redeploy-service.mutation.js';
import { ServiceChangedSubscription } from './service/service-changed.subscription.js';
import { ServiceQuery } from './service/service.query.js';
import { UpdateServiceMutation } from './service/update-service.mutation.js';
import { AccessWatch } from './subscription/access-watch.js';
import { wireSubscriptions } from './subscription/event-source.js';
import { AddTeamMemberMutation, type InvitationMail } from './team/add-team-member.mutation.js';
import { ChangeMemberRoleMutation } from './team/change-member-role.mutation.js';
import { CreateTeamMutation } from './team/create-team.mutation.js';
import { DeleteTeamMutation } from './team/delete-team.mutation.js';
import { RemoveTeamMemberMutation } from './team/remove-team-member.mutation.js';
import { SetTeamQuotaMutation } from './team/set-team-quota.mutation.js';
import { TeamFields } from './team/team.fields.js';
import { TeamQuery } from './team/team.query.js';
import { UpdateTeamMutation } from './team/update-team.mutation.js';
import { CreateTokenMutation } from './token/create-token.mutation.js';
import { RevokeTokenMutation } from './token/revoke-token.mutation.js';
import { TokenQuery } from './token/token.query.js';
import { CreateServiceWebhookMutation } from './webhook/create-service-webhook.mutation.js';
import { DeliveryReceiver, type DeliveryAllowance } from './webhook/delivery-receiver.js';
import { EventEffects } from './webhook/event-effects.js';
import { ReceiveEventMutations } from './webhook/receive-event.mutations.js';
import { RedeliverWebhookMutation } from './webhook/redeliver-webhook.mutation.js';
import { WebhookDeliveriesQuery } from './webhook/webhook-deliveries.query.js';

/** What the resolvers are made of. */
export interface SchemaParts {
  orm: Database;
  vault: Vault;
  orchestrator: Orchestrator;
  events: Events;
  /** Shared with the doors whose requests carry keys. */
  calls?: IdempotentCalls;
  /** Public services answer under the domain; invitations lead to the public URL. */
  config: { APEX_DOMAIN: string; publicUrl?: string; APEX_ALLOWED_INTERNAL?: readonly string[]; APEX_OPEN_SIGNUP?: boolean; APEX_TEAM_QUOTA?: Partial<TeamQuota> | undefined; APEX_GITHUB_WEBHOOK_SECRET?: string | undefined; APEX_GITEA_WEBHOOK_SECRET?: string | undefined; APEX_GITHUB_TOKEN?: string | undefined; APEX_GITHUB_API_URL?: string; APEX_GIT_URL?: string; APEX_PREVIEW_LIMIT?: number; APEX_PREVIEW_IDLE_DAYS?: number; APEX_DATABASE_SIZES?: Partial<DatabaseSizes> };
  /** How many signed deliveries are taken; without it, all. */
  deliveries?: DeliveryAllowance;
  /** Work in the background waits while a delivery does. */
  courtesy?: Courtesy;
  mail?: InvitationMail;
  /** Without it nobody is told of a failed backup. */
  backupMail?: BackupMail;
  /** Told of deployments and previews; without it, nobody is. */
  github?: Pick<GithubApi, 'setStatus' | 'writeComment'>;
  githubApps?: GithubApps;
}

const sizesOf = ({ APEX_DATABASE_SIZES }: SchemaParts['config']): DatabaseSizes => ({ ...DATABASE_SIZES, ...APEX_DATABASE_SIZES });

/** Where no mail server is configured, whoever makes an invitation hands on its link. */
const NO_MAIL: InvitationMail = { invite: () => undefined };


/** Every resolver, wired by hand. */
const wire = ({ mail = NO_MAIL, ...parts }: SchemaParts, { orm, vault, orchestrator, events, config, backupMail } = parts, access = new AccessWatch(orm, events)): object[] => [
  new ViewerQuery(),
  new AcceptInvitationMutation(orm, vault),
  new SignInMutation(orm),
  new SignUpMutation(orm, vault, config.APEX_OPEN_SIGNUP ?? false),
  new UpdateAccountMutation(orm),
  new TeamQuery(),
  new AuditLogFields(),
  ...VIEWER_CAN.map((ViewerCan) => new ViewerCan() as object),
  new GuardEnvironmentMutations(),
  new RegistryCredentialResolver(vault, orchestrator),
  new TeamFields(config.APEX_TEAM_QUOTA ?? {}),
  new CreateTeamMutation(orm, vault),
  new UpdateTeamMutation(),
  new SetTeamQuotaMutation(orchestrator, config.APEX_TEAM_QUOTA ?? {}),
  new DeleteTeamMutation(orchestrator),
  new AddTeamMemberMutation(config.publicUrl ?? '', mail),
  new ChangeMemberRoleMutation(),
  new RemoveTeamMemberMutation(),
  new EnvironmentQuery(),
  new CreateEnvironmentMutation(config.APEX_TEAM_QUOTA ?? {}),
  new DeleteEnvironmentMutation(orchestrator),
  new EnvGroupQuery(),
  new EnvGroupFields(orchestrator),
  new ServiceVariableFields(),
  new BuildSecretsOfService(),
  new CreateEnvGroupMutation(vault),
  new UpdateEnvGroupMutation(vault, orchestrator),
  new DeleteEnvGroupMutation(),
  new AttachEnvGroupMutation(orchestrator),
  new RevealVariablesMutation(vault),
  new RotateKeysMutation(orm, vault),
  new TokenQuery(),
  new CreateTokenMutation(orm),
  new RevokeTokenMutation(),
  new ServiceQuery(orchestrator),
  new DeployServiceMutation(vault, orchestrator, config.APEX_DOMAIN),
  new UpdateServiceMutation(vault, orchestrator),
  new DeleteServiceMutation(orchestrator),
  new RedeployServiceMutation(orchestrator),
  new ReleaseQuery(),
  new ServiceReleases(),
  new RollbackServiceMutation(vault, orchestrator),
  new PromoteServiceMutation(orchestrator, config.APEX_DOMAIN),
  new PauseServiceMutation(orchestrator),
  new DeploymentQuery(),
  new DeploymentFields(),
  new BuildOfDeployment(),
  new BuildLogsQuery(vault),
  new BuildLogsSubscription(vault, events, access),
  new DeploymentReasonFields(vault),
  new DeploymentAuthorFields(),
  new CancelDeploymentMutation(orchestrator),
  new DatabaseQuery(vault),
  new CreateDatabaseMutation(vault, orchestrator, sizesOf(config)),
  new DeleteDatabaseMutation(orchestrator),
  new UndeleteDatabaseMutation(orchestrator),
  new PauseDatabaseMutation(orchestrator),
  new ResizeDatabaseMutation(orchestrator, sizesOf(config)),
  new RotateDatabaseCredentialsMutation(vault, orchestrator),
  new LinkDatabaseMutation(vault, orchestrator),
  new BackupsQuery(),
  new BackupContentSubscription(orchestrator, access),
  new CreateBackupMutation(orchestrator),
  new DeleteBackupMutation(orchestrator),
  new RestoreBackupMutation(vault, orchestrator),
  new PointInTimeRecoveryQuery(),
  new SetPointInTimeRecoveryMutation(orchestrator),
  new EndPointInTimeRecoveryMutation(orchestrator),
  new RecoverDatabaseMutation(vault, orchestrator),
  new SetBackupScheduleMutation(),
  new DeleteBackupScheduleMutation(),
  new RunBackupSchedulesMutation(orchestrator),
  new SendBackupNoticesMutation(backupMail ?? null),
  new ServiceLogsQuery(orchestrator),
  new LogHistoryQuery(orchestrator),
  new OtherLogsQuery(orchestrator),
  new LogDrainsQuery(),
  new CreateLogDrainMutation(vault, config.APEX_ALLOWED_INTERNAL ?? []),
  new UpdateLogDrainMutation(vault, config.APEX_ALLOWED_INTERNAL ?? []),
  new DeleteLogDrainMutation(),
  new ServiceLogsSubscription(orchestrator, access),
  new DatabaseLogsSubscription(orchestrator, access),
  new PreDeployLogsSubscription(orchestrator, access),
  new ServiceChangedSubscription(orchestrator, events, access),
  new DeploymentProgressSubscription(events, access),
  new CreateServiceWebhookMutation(vault, config.publicUrl ?? ''),
  new WebhookDeliveriesQuery(orchestrator),
  ...webhooksAndPreviews(parts),
];

const GIT_URL = 'https://github.com';
const IDLE_DAYS = 7;
const MOST_PREVIEWS = 20;

function webhooksAndPreviews({ vault, orchestrator, config, deliveries, courtesy, github, githubApps }: SchemaParts): object[] {
  const { APEX_PREVIEW_IDLE_DAYS: idleDays = IDLE_DAYS, APEX_PREVIEW_LIMIT: mostPreviews = MOST_PREVIEWS } = config;
  const environments = new PreviewEnvironments({ vault, orchestrator, domain: config.APEX_DOMAIN, mostPreviews, quotaDefaults: config.APEX_TEAM_QUOTA ?? {}, sizes: sizesOf(config) });
  const hosts = [...new Set([new URL(config.APEX_GIT_URL ?? GIT_URL).host, githubHost(config.APEX_GITHUB_API_URL)])];
  const effects = new EventEffects(orchestrator, new PullRequestPreviews(environments, hosts), hosts);
  const reading = { addresses: orchestrator, idleDays };
  return [
    new ReceiveEventMutations(new DeliveryReceiver(vault, effects, deliveries, courtesy), { github: config.APEX_GITHUB_WEBHOOK_SECRET, gitea: config.APEX_GITEA_WEBHOOK_SECRET }),
    new RedeliverWebhookMutation(orchestrator, effects),
    new PreviewsQuery(reading),
    new ApprovePreviewMutation(orchestrator, environments, reading),
    new ClosePreviewMutation(orchestrator, environments, reading),
    new CloseIdlePreviewsMutation(environments, idleDays),
    new SendReportsMutation({ api: github ?? null, apps: githubApps ?? null, host: githubHost(config.APEX_GITHUB_API_URL), token: config.APEX_GITHUB_TOKEN, vault, orchestrator, reading }),
  ];
}

/** The schema, with every field held to the table of permissions and every input to its rules. Throws when a table has a fault. */
export function buildApexSchema(parts: SchemaParts): GraphQLSchema {
  checkStateTable('Deployment', DEPLOYMENT_MOVES, DeploymentState.QUEUED);
  checkStateTable('Build', BUILD_MOVES, BuildState.QUEUED);
  checkStateTable('Database', DATABASE_MOVES, DatabaseState.PROVISIONING);
  const instances = new Map(wire(parts).map((instance) => [instance.constructor as ClassType, instance]));
  const [first, ...rest] = instances.keys();
  const schema = buildSchemaSync({
    resolvers: [first!, ...rest],
    container: { get: (type) => instances.get(type as ClassType) },
    validate: false,
    // Demanded where there are subscriptions; ours make their own iterables from `Events`.
    pubSub: createPubSub(),
  });
  wireSubscriptions(schema, [...instances.values()]);
  holdToRules(schema);
  auditMutations(schema, parts.orm);
  acceptClientMutationIds(schema, parts.calls ?? new IdempotentCalls(parts.orm, parts.vault), readAgain(parts.orchestrator));
  guardSchema(schema);
  return lexicographicSortSchema(schema);
}
