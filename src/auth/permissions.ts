import type { TokenScope } from '../context.js';
import { Role } from '../entities/roles.js';

/** What a field asks of its caller: a scope of the token, and a role in the team that it is about (where it is about one). */
export interface Permission {
  /** `public` needs no token; `webhook` is for the door of the webhooks and `schedule` for the server's own clocks, and for nobody else. */
  scope: 'public' | 'webhook' | 'schedule' | TokenScope;
  role: Role | null;
  /** A token that is held to one service may use it, on that service; no other field is open to such a token. */
  service?: true;
  /** Only the installation's operator may. */
  operator?: true;
}

const ownAccount = (scope: TokenScope): Permission => ({ scope, role: null });
const member = (scope: TokenScope, role: Role): Permission => ({ scope, role });
const onService = (permission: Permission): Permission => ({ ...permission, service: true });

const PUBLIC: Permission = { scope: 'public', role: null };
const WEBHOOK: Permission = { scope: 'webhook', role: null };
const SCHEDULE: Permission = { scope: 'schedule', role: null };
const READ = ownAccount('read');
const VIEW = member('read', Role.VIEWER);
const DEPLOY = member('deploy', Role.DEVELOPER);
/** Values of variables: in a protected environment for ADMIN and above, as deploys are. */
const REVEAL = member('admin', Role.DEVELOPER);
const ADMINISTER = member('admin', Role.ADMIN);
const OWN = member('admin', Role.OWNER);

/**
 * Who may do what, by schema coordinate. A query, a mutation and a subscription each have a line of their own; a type has
 * one line for all its fields, and a field that asks for more has its own. The boot stops at one that is missing.
 */
export const PERMISSIONS: Readonly<Record<string, Permission>> = {
  'Query.viewer': READ,
  'Query.teams': READ,
  'Query.team': VIEW,
  'Query.tokens': READ,
  'Query.environments': VIEW,
  'Query.services': onService(VIEW),
  'Query.service': onService(VIEW),
  'Query.deployments': onService(VIEW),
  'Query.deployment': onService(VIEW),
  'Query.release': onService(VIEW),
  'Query.releaseDiff': onService(VIEW),
  'Query.serviceLogs': onService(VIEW),
  'Query.serviceLogHistory': onService(VIEW),
  'Query.databaseLogs': VIEW,
  'Query.preDeployLogs': onService(VIEW),
  'Query.logStorage': VIEW,
  'Query.logDrains': member('read', Role.DEVELOPER),
  'Mutation.createLogDrain': ADMINISTER,
  'Mutation.updateLogDrain': ADMINISTER,
  'Mutation.deleteLogDrain': ADMINISTER,
  'Query.databases': VIEW,
  'Query.database': VIEW,
  'Query.databaseConnection': DEPLOY,
  'Query.webhookDeliveries': onService(VIEW),
  'Query.previews': VIEW,
  'Query.preview': VIEW,

  'Mutation.createEnvironment': DEPLOY,
  'Mutation.deleteEnvironment': ADMINISTER,
  'Mutation.deployService': DEPLOY,
  'Mutation.updateService': onService(DEPLOY),
  'Mutation.deleteService': onService(DEPLOY),
  'Mutation.redeployService': onService(DEPLOY),
  'Mutation.rollbackService': onService(DEPLOY),
  'Mutation.promoteService': DEPLOY,
  'Mutation.pauseService': onService(DEPLOY),
  'Mutation.cancelDeployment': onService(DEPLOY),
  'Mutation.createDatabase': DEPLOY,
  'Mutation.deleteDatabase': DEPLOY,
  'Mutation.undeleteDatabase': DEPLOY,
  'Mutation.pauseDatabase': DEPLOY,
  'Mutation.resizeDatabase': DEPLOY,
  'Mutation.rotateDatabaseCredentials': DEPLOY,
  'Mutation.linkDatabase': DEPLOY,
  'Query.envGroups': VIEW,
  'Query.envGroup': VIEW,
  'Mutation.createEnvGroup': DEPLOY,
  'Mutation.updateEnvGroup': DEPLOY,
  'Mutation.deleteEnvGroup': DEPLOY,
  'Mutation.attachEnvGroup': DEPLOY,
  'Mutation.detachEnvGroup': DEPLOY,
  'Mutation.orderEnvGroups': DEPLOY,
  'Mutation.revealEnvGroup': REVEAL,
  'Mutation.revealVariables': onService(REVEAL),
  'Mutation.signIn': PUBLIC,
  'Mutation.signUp': PUBLIC,
  'Mutation.signOut': READ,
  'Mutation.updateAccount': ownAccount('admin'),
  'Mutation.updateEnvironment': ADMINISTER,
  'Mutation.narrowRole': ADMINISTER,
  'Query.machines': ADMINISTER,
  'Query.registryCredentials': member('read', Role.DEVELOPER),
  'Mutation.setRegistryCredential': ADMINISTER,
  'Mutation.deleteRegistryCredential': ADMINISTER,
  'Mutation.rotateKeys': { scope: 'admin', role: null, operator: true },
  'Mutation.createTeam': ownAccount('admin'),
  'Mutation.updateTeam': ADMINISTER,
  'Mutation.setTeamQuota': { scope: 'admin', role: null, operator: true },
  'Mutation.deleteTeam': OWN,
  'Mutation.leaveTeam': member('admin', Role.VIEWER),
  'Mutation.addTeamMember': ADMINISTER,
  'Mutation.changeMemberRole': ADMINISTER,
  'Mutation.removeTeamMember': ADMINISTER,
  'Mutation.acceptInvitation': PUBLIC,
  'Mutation.createServiceWebhook': DEPLOY,
  'Mutation.redeliverWebhook': DEPLOY,
  'Mutation.receiveGithubEvent': WEBHOOK,
  'Mutation.receiveGiteaEvent': WEBHOOK,
  'Mutation.approvePreview': DEPLOY,
  'Mutation.closePreview': DEPLOY,
  'Mutation.closeIdlePreviews': SCHEDULE,
  'Mutation.sendReports': SCHEDULE,
  'Mutation.createToken': ownAccount('admin'),
  'Mutation.revokeToken': ownAccount('admin'),

  'Subscription.serviceChanged': onService(VIEW),
  'Subscription.deploymentProgress': onService(VIEW),
  'Subscription.serviceLogs': onService(VIEW),
  'Subscription.databaseLogs': VIEW,
  'Subscription.preDeployLogs': onService(VIEW),

  // Whoever accepts an invitation sees the account that he gets before he has a token.
  AcceptedInvitation: PUBLIC,
  Account: READ,
  AuditEvent: READ,
  AuditEventConnection: READ,
  AuditEventEdge: READ,
  CreatedToken: READ,
  Database: READ,
  DatabaseConnection: READ,
  DatabaseEdge: READ,
  DatabasePage: READ,
  Deployment: READ,
  DeploymentAuthor: READ,
  DeploymentConnection: READ,
  DeploymentEdge: READ,
  DeploymentEvent: READ,
  DeploymentProgress: READ,
  DeploymentReason: READ,
  DeploymentStep: READ,
  EffectiveVariable: READ,
  EnvGroup: READ,
  'EnvGroup.services': VIEW,
  Environment: READ,
  HealthCheck: READ,
  KeyRotation: READ,
  LogBatch: READ,
  LogDrain: READ,
  LogHistoryConnection: READ,
  LogLine: READ,
  LogLineEdge: READ,
  LogStorage: READ,
  'Team.auditLog': ADMINISTER,
  'Team.members': VIEW,
  Membership: READ,
  NarrowedRole: READ,
  PageInfo: READ,
  PreDeploy: READ,
  Preview: READ,
  PreviewConnection: READ,
  PreviewEdge: READ,
  Release: READ,
  ReleaseConnection: READ,
  ReleaseDiff: READ,
  ReleaseEdge: READ,
  ReleaseFieldDiff: READ,
  ReleaseVariable: READ,
  ReleaseVariableDiff: READ,
  Resources: READ,
  RegistryCredential: READ,
  RevealedVariable: READ,
  Service: READ,
  'Service.effectiveVariables': onService(VIEW),
  'Service.envGroups': onService(VIEW),
  ServiceConnection: READ,
  ServiceEdge: READ,
  ServicePreviews: READ,
  ServiceSource: READ,
  ServiceWebhook: READ,
  Team: READ,
  TeamQuota: READ,
  Token: READ,
  WebhookDelivery: READ,
  WebhookDeliveryConnection: READ,
  WebhookDeliveryEdge: READ,
  WebhookEffect: READ,
  WebhookReceipt: READ,
};
