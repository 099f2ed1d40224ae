import { Account } from './account.js';
import { AuditEvent } from './audit-event.js';
import { BackupSchedule } from './backup-schedule.js';
import { Backup } from './backup.js';
import { Build } from './build.js';
import { BuildLog } from './build-log.js';
import { CostlyCall } from './costly-call.js';
import { DatabaseUsage } from './database-usage.js';
import { Deployment } from './deployment.js';
import { DeploymentEvent } from './deployment-event.js';
import { EnvGroup } from './env-group.js';
import { EnvGroupVariable } from './env-group-variable.js';
import { Environment } from './environment.js';
import { EnvironmentRole } from './environment-role.js';
import { ForgeReport } from './forge-report.js';
import { Host } from './host.js';
import { IdempotentCall } from './idempotent-call.js';
import { Installation } from './installation.js';
import { Invitation } from './invitation.js';
import { Lease } from './lease.js';
import { LogDrain } from './log-drain.js';
import { LogDrainPosition } from './log-drain-position.js';
import { LogSegment } from './log-segment.js';
import { LogTrail } from './log-trail.js';
import { ManagedDatabase } from './managed-database.js';
import { Membership } from './membership.js';
import { PointInTimeRecovery } from './point-in-time-recovery.js';
import { Preview } from './preview.js';
import { PreviewVariable } from './preview-variable.js';
import { RecoveryPart } from './recovery-part.js';
import { RegistryCredential } from './registry-credential.js';
import { Release } from './release.js';
import { Restore } from './restore.js';
import { Service } from './service.js';
import { ServiceEnvGroup } from './service-env-group.js';
import { Team } from './team.js';
import { StoredImage } from './stored-image.js';
import { TeamKey } from './team-key.js';
import { Token } from './token.js';
import { Variable } from './variable.js';
import { WebhookDelivery } from './webhook-delivery.js';
import { WebhookEffect } from './webhook-effect.js';

/** What MikroORM is told of. */
export const ENTITIES = [
  Account, AuditEvent, Backup, BackupSchedule, Build, BuildLog, CostlyCall, DatabaseUsage, Deployment, DeploymentEvent, EnvGroup, EnvGroupVariable, Environment, EnvironmentRole, ForgeReport, Host, IdempotentCall, Installation, Invitation, Lease, LogDrain, LogDrainPosition, LogSegment, LogTrail, ManagedDatabase, Membership, PointInTimeRecovery, Preview, PreviewVariable, RecoveryPart, RegistryCredential, Release, Restore,
  Service, ServiceEnvGroup, StoredImage, Team, TeamKey, Token, Variable, WebhookDelivery, WebhookEffect,
];
