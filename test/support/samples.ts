import { getNamedType, isLeafType, isObjectType, type GraphQLField, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import type { TokenScope } from '../../src/context.js';
import { Role } from '../../src/entities/roles.js';
import { MY_POSTGRES, MY_SERVICE } from './operations.js';
import type { World } from './world.js';

/** One root field of the schema: what it asks of its caller, said a second time, and how it is called on what a team owns. */
export interface Sample {
  coordinate: string;
  scope: TokenScope | 'public' | 'webhook' | 'schedule';
  /** Least role in the team that it is about; null where it is about the account. */
  role: Role | null;
  /** Open to a token that is held to one service. */
  service?: true;
  operator?: true;
  /** Only an account may; a machine has none. */
  account?: true;
  /** Takes no id: there is nothing of another's to ask for. */
  noId?: true;
  /** How it is asked for, where it is no root field. */
  document?: string;
  /** Its variables, with the ids of what a team owns. */
  variables: (world: World) => Record<string, unknown>;
}

const { VIEWER, DEVELOPER, ADMIN, OWNER } = Role;
const onService = (w: World) => ({ id: w.serviceId });
const onTeam = (w: World) => ({ id: w.teamId });
const nothing = () => ({});
let made = 0;
const fresh = (prefix: string): string => `${prefix}-${(made += 1)}`;

const sample = (coordinate: string, scope: Sample['scope'], role: Role | null, variables: Sample['variables'], more: Partial<Sample> = {}): Sample => ({ coordinate, scope, role, variables, ...more });

const SERVICE = { service: true } as const;
const OWN_ACCOUNT = { account: true, noId: true } as const;

/** Every root field. Whoever loosens a line of the table of permissions has to say so here; whoever adds a field, too. */
export const SAMPLES: readonly Sample[] = [
  sample('Query.viewer', 'read', null, nothing, OWN_ACCOUNT),
  sample('Query.teams', 'read', null, nothing, { noId: true }),
  sample('Query.tokens', 'read', null, nothing, OWN_ACCOUNT),
  sample('Query.team', 'read', VIEWER, onTeam),
  sample('Query.environments', 'read', VIEWER, (w) => ({ teamId: w.teamId })),
  sample('Query.services', 'read', VIEWER, (w) => ({ teamId: w.teamId }), SERVICE),
  sample('Query.service', 'read', VIEWER, onService, SERVICE),
  sample('Query.deployments', 'read', VIEWER, (w) => ({ serviceId: w.serviceId }), SERVICE),
  sample('Query.deployment', 'read', VIEWER, (w) => ({ id: w.deploymentId }), SERVICE),
  sample('Query.release', 'read', VIEWER, (w) => ({ id: w.releaseId }), SERVICE),
  sample('Query.releaseDiff', 'read', VIEWER, (w) => ({ releaseA: w.releaseId, releaseB: w.releaseId }), SERVICE),
  sample('Query.serviceLogs', 'read', VIEWER, (w) => ({ serviceId: w.serviceId }), SERVICE),
  sample('Query.serviceLogHistory', 'read', VIEWER, (w) => ({ serviceId: w.serviceId }), SERVICE),
  sample('Query.logStorage', 'read', VIEWER, (w) => ({ teamId: w.teamId })),
  sample('Query.databaseLogHistory', 'read', VIEWER, (w) => ({ databaseId: w.databaseId })),
  sample('Query.preDeployLogHistory', 'read', VIEWER, (w) => ({ deploymentId: w.deploymentId }), SERVICE),
  sample('Query.databaseLogs', 'read', VIEWER, (w) => ({ databaseId: w.databaseId })),
  sample('Query.preDeployLogs', 'read', VIEWER, (w) => ({ deploymentId: w.deploymentId }), SERVICE),
  sample('Query.buildLogs', 'read', VIEWER, (w) => ({ deploymentId: w.deploymentId }), SERVICE),
  sample('Query.logDrains', 'read', DEVELOPER, (w) => ({ teamId: w.teamId })),
  sample('Mutation.createLogDrain', 'admin', ADMIN, (w) => ({ input: { name: fresh('drain'), url: 'https://logs.example.com/', teamId: w.teamId } })),
  sample('Mutation.updateLogDrain', 'admin', ADMIN, (w) => ({ id: w.logDrainId, input: { name: 'stolen', url: 'https://elsewhere.example.com/' } })),
  sample('Mutation.deleteLogDrain', 'admin', ADMIN, (w) => ({ id: w.logDrainId })),
  sample('Query.webhookDeliveries', 'read', VIEWER, (w) => ({ serviceId: w.serviceId }), SERVICE),
  sample('Query.envGroups', 'read', VIEWER, (w) => ({ teamId: w.teamId })),
  sample('Query.envGroup', 'read', VIEWER, (w) => ({ id: w.groupId })),

  sample('Mutation.createEnvironment', 'deploy', DEVELOPER, (w) => ({ input: { name: fresh('stage'), teamId: w.teamId } })),
  sample('Mutation.deleteEnvironment', 'admin', ADMIN, (w) => ({ id: w.environmentId })),
  sample('Mutation.deployService', 'deploy', DEVELOPER, (w) => ({ input: { ...MY_SERVICE, name: fresh('web'), teamId: w.teamId } })),
  sample('Mutation.updateService', 'deploy', DEVELOPER, (w) => ({ id: w.serviceId, input: { replicas: 3, env: { STOLEN: '1' } } }), SERVICE),
  sample('Mutation.deleteService', 'deploy', DEVELOPER, onService, SERVICE),
  sample('Mutation.redeployService', 'deploy', DEVELOPER, onService, SERVICE),
  sample('Mutation.rollbackService', 'deploy', DEVELOPER, (w) => ({ id: w.serviceId, toRelease: 1 }), SERVICE),
  sample('Mutation.promoteService', 'deploy', DEVELOPER, (w) => ({ id: w.serviceId, toEnvironment: 'staging' })),
  sample('Mutation.pauseService', 'deploy', DEVELOPER, (w) => ({ id: w.serviceId, pause: true }), SERVICE),
  sample('Mutation.cancelDeployment', 'deploy', DEVELOPER, (w) => ({ id: w.deploymentId }), SERVICE),
  sample('Mutation.createServiceWebhook', 'deploy', DEVELOPER, (w) => ({ serviceId: w.serviceId })),
  sample('Mutation.redeliverWebhook', 'deploy', DEVELOPER, (w) => ({ id: w.deliveryId })),
  sample('Mutation.receiveGithubEvent', 'webhook', null, () => ({ input: { headers: [], body: Buffer.from('{}') } }), { noId: true }),
  sample('Mutation.receiveGiteaEvent', 'webhook', null, () => ({ input: { headers: [], body: Buffer.from('{}') } }), { noId: true }),
  sample('Query.previews', 'read', VIEWER, (w) => ({ teamId: w.teamId })),
  sample('Query.preview', 'read', VIEWER, (w) => ({ id: w.previewId })),
  sample('Mutation.approvePreview', 'deploy', DEVELOPER, (w) => ({ id: w.previewId, commit: 'a'.repeat(40) })),
  sample('Mutation.closePreview', 'deploy', DEVELOPER, (w) => ({ id: w.previewId })),
  sample('Mutation.closeIdlePreviews', 'schedule', null, nothing, { noId: true }),
  sample('Mutation.runBackupSchedules', 'schedule', null, nothing, { noId: true }),
  sample('Mutation.sendBackupNotices', 'schedule', null, nothing, { noId: true }),
  sample('Mutation.sendReports', 'schedule', null, nothing, { noId: true }),
  sample('Mutation.createEnvGroup', 'deploy', DEVELOPER, (w) => ({ input: { name: fresh('group'), variables: { A: '1' }, teamId: w.teamId } })),
  sample('Mutation.updateEnvGroup', 'deploy', DEVELOPER, (w) => ({ id: w.groupId, input: { variables: { A: '2' } } })),
  sample('Mutation.deleteEnvGroup', 'deploy', DEVELOPER, (w) => ({ id: w.spareGroupId })),
  sample('Mutation.attachEnvGroup', 'deploy', DEVELOPER, (w) => ({ serviceId: w.serviceId, groupId: w.spareGroupId })),
  sample('Mutation.detachEnvGroup', 'deploy', DEVELOPER, (w) => ({ serviceId: w.serviceId, groupId: w.groupId })),
  sample('Mutation.orderEnvGroups', 'deploy', DEVELOPER, (w) => ({ serviceId: w.serviceId, groupIds: [w.groupId] })),
  sample('Mutation.revealEnvGroup', 'admin', DEVELOPER, (w) => ({ id: w.groupId })),
  sample('Mutation.revealVariables', 'admin', DEVELOPER, (w) => ({ serviceId: w.serviceId }), SERVICE),

  sample('Mutation.updateEnvironment', 'admin', ADMIN, (w) => ({ id: w.environmentId, input: { protected: true } })),
  sample('Mutation.narrowRole', 'admin', ADMIN, (w) => ({ input: { environmentId: w.environmentId, membershipId: w.memberId, role: 'VIEWER' } })),
  sample('Query.machines', 'admin', ADMIN, (w) => ({ teamId: w.teamId })),
  sample('Query.registryCredentials', 'read', DEVELOPER, (w) => ({ teamId: w.teamId })),
  sample('Mutation.setRegistryCredential', 'admin', ADMIN, (w) => ({ input: { registry: 'ghcr.io', username: 'ci', password: 'x', teamId: w.teamId } })),
  sample('Mutation.deleteRegistryCredential', 'admin', ADMIN, (w) => ({ id: w.credentialId })),
  sample('Mutation.rotateKeys', 'admin', null, () => ({ since: '2001-01-01T00:00:00Z' }), { operator: true, ...OWN_ACCOUNT }),
  sample('Mutation.createTeam', 'admin', null, () => ({ input: { name: 'New' } }), OWN_ACCOUNT),
  sample('Mutation.updateTeam', 'admin', ADMIN, (w) => ({ id: w.teamId, input: { name: 'Renamed' } })),
  sample('Mutation.setTeamQuota', 'admin', null, (w) => ({ teamId: w.teamId, input: { pods: 40 } }), { operator: true, ...OWN_ACCOUNT }),
  sample('Mutation.deleteTeam', 'admin', OWNER, (w) => ({ id: w.teamId, confirm: w.teamName })),
  sample('Mutation.leaveTeam', 'admin', VIEWER, onTeam, { account: true }),
  sample('Mutation.addTeamMember', 'admin', ADMIN, (w) => ({ teamId: w.teamId, input: { email: `${fresh('new')}@example.com`, role: 'VIEWER' } })),
  sample('Mutation.changeMemberRole', 'admin', ADMIN, (w) => ({ teamId: w.teamId, id: w.membershipId, input: { role: 'VIEWER' } })),
  sample('Mutation.removeTeamMember', 'admin', ADMIN, (w) => ({ teamId: w.teamId, id: w.membershipId })),
  sample('Mutation.acceptInvitation', 'public', null, () => ({ token: `apex_${'x'.repeat(43)}`, name: 'Nobody', password: 'correct horse battery' }), { noId: true }),
  sample('Mutation.signIn', 'public', null, () => ({ input: { email: 'nobody@example.com', password: 'wrong' } }), { noId: true }),
  sample('Mutation.signUp', 'public', null, () => ({ input: { email: 'nobody@example.com', name: 'Nobody', password: 'correct horse battery' } }), { noId: true }),
  sample('Mutation.signOut', 'read', null, nothing, { noId: true }),
  sample('Mutation.updateAccount', 'admin', null, () => ({ input: { name: 'Renamed' } }), OWN_ACCOUNT),
  sample('Mutation.createToken', 'admin', null, (w) => ({ input: { teamId: w.teamId } }), { account: true }),
  sample('Mutation.revokeToken', 'admin', null, (w) => ({ id: w.tokenId }), { account: true }),

  sample('Query.databases', 'read', VIEWER, (w) => ({ teamId: w.teamId })),
  sample('Query.database', 'read', VIEWER, (w) => ({ id: w.databaseId })),
  sample('Query.databaseConnection', 'deploy', DEVELOPER, (w) => ({ id: w.databaseId })),
  sample('Query.databaseUsage', 'read', VIEWER, (w) => ({ id: w.databaseId })),
  sample('Query.backups', 'read', VIEWER, (w) => ({ databaseId: w.databaseId })),
  sample('Query.restore', 'read', VIEWER, (w) => ({ id: w.restoreId })),
  sample('Query.backupSchedule', 'read', VIEWER, (w) => ({ databaseId: w.databaseId })),
  sample('Query.pointInTimeRecovery', 'read', VIEWER, (w) => ({ databaseId: w.databaseId })),
  sample('Mutation.setPointInTimeRecovery', 'deploy', DEVELOPER, (w) => ({ databaseId: w.databaseId, keepDays: 3 })),
  sample('Mutation.endPointInTimeRecovery', 'deploy', DEVELOPER, (w) => ({ databaseId: w.databaseId })),
  sample('Mutation.recoverDatabase', 'deploy', DEVELOPER, (w) => ({ databaseId: w.databaseId, toTime: '2026-01-01T00:00:00Z', name: fresh('recovered') })),
  sample('Mutation.setBackupSchedule', 'deploy', DEVELOPER, (w) => ({ databaseId: w.databaseId, input: { cron: '30 3 * * *' } })),
  sample('Mutation.deleteBackupSchedule', 'deploy', DEVELOPER, (w) => ({ databaseId: w.databaseId })),
  sample('Mutation.createBackup', 'deploy', DEVELOPER, (w) => ({ databaseId: w.databaseId })),
  sample('Mutation.restoreBackup', 'deploy', DEVELOPER, (w) => ({ databaseId: w.databaseId, backupId: w.backupId, name: fresh('restored') })),
  sample('Mutation.deleteBackup', 'deploy', DEVELOPER, (w) => ({ id: w.spareBackupId })),
  sample('Mutation.createDatabase', 'deploy', DEVELOPER, (w) => ({ input: { ...MY_POSTGRES, name: fresh('db'), teamId: w.teamId } })),
  sample('Mutation.deleteDatabase', 'deploy', DEVELOPER, (w) => ({ id: w.databaseId, finalBackup: true })),
  sample('Mutation.undeleteDatabase', 'deploy', DEVELOPER, (w) => ({ id: w.databaseId })),
  sample('Mutation.pauseDatabase', 'deploy', DEVELOPER, (w) => ({ id: w.databaseId, pause: true })),
  sample('Mutation.resizeDatabase', 'deploy', DEVELOPER, (w) => ({ id: w.databaseId, input: { size: 'large' } })),
  sample('Mutation.rotateDatabaseCredentials', 'deploy', DEVELOPER, (w) => ({ id: w.databaseId })),
  sample('Mutation.linkDatabase', 'deploy', DEVELOPER, (w) => ({ serviceId: w.serviceId, databaseId: w.databaseId, as: 'DATABASE_URL' })),

  sample('Subscription.serviceChanged', 'read', VIEWER, (w) => ({ serviceId: w.serviceId }), SERVICE),
  sample('Subscription.deploymentProgress', 'read', VIEWER, (w) => ({ deploymentId: w.deploymentId }), SERVICE),
  sample('Subscription.backupContent', 'deploy', DEVELOPER, (w) => ({ databaseId: w.databaseId, backupId: w.backupId })),
  sample('Subscription.databaseLogs', 'read', VIEWER, (w) => ({ databaseId: w.databaseId })),
  sample('Subscription.preDeployLogs', 'read', VIEWER, (w) => ({ deploymentId: w.deploymentId }), SERVICE),
  sample('Subscription.buildLogs', 'read', VIEWER, (w) => ({ deploymentId: w.deploymentId }), SERVICE),
  sample('Subscription.serviceLogs', 'read', VIEWER, (w) => ({ serviceId: w.serviceId }), SERVICE),
];

const nested = (coordinate: string, scope: Sample['scope'], role: Role, document: string, variables: Sample['variables'], more: Partial<Sample> = {}): Sample => sample(coordinate, scope, role, variables, { document, ...more });

/** Every field below the root that has a line of its own. */
export const NESTED_SAMPLES: readonly Sample[] = [
  nested('Team.auditLog', 'admin', ADMIN, 'query ($id: ID!) { team(id: $id) { auditLog(first: 1) { nodes { id } } } }', onTeam),
  nested('Team.members', 'read', VIEWER, 'query ($id: ID!) { team(id: $id) { members { id } } }', onTeam),
  nested('EnvGroup.services', 'read', VIEWER, 'query ($id: ID!) { envGroup(id: $id) { services { id } } }', (w) => ({ id: w.groupId })),
  nested('Service.buildSecrets', 'read', VIEWER, 'query ($id: ID!) { service(id: $id) { buildSecrets } }', onService, SERVICE),
  nested('Service.effectiveVariables', 'read', VIEWER, 'query ($id: ID!) { service(id: $id) { effectiveVariables { key } } }', onService, SERVICE),
  nested('Service.envGroups', 'read', VIEWER, 'query ($id: ID!) { service(id: $id) { envGroups { id } } }', onService, SERVICE),
];

/** Types whose objects somebody without a token may get: all others ask for a token that may read. */
export const PUBLIC_TYPES: readonly string[] = ['AcceptedInvitation'];

/** How a sample is asked for. */
export const documentOf = (schema: GraphQLSchema, { document, coordinate }: Sample): string => document ?? documentFor(schema, coordinate);

export const rootTypes = (schema: GraphQLSchema): GraphQLObjectType[] => [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];

/** A document that calls the field with all its arguments as variables and asks for every plain field of the answer. */
export function documentFor(schema: GraphQLSchema, coordinate: string): string {
  const [typeName, fieldName] = coordinate.split('.') as [string, string];
  const field = rootTypes(schema).find(({ name }) => name === typeName)!.getFields()[fieldName]!;
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  return `${typeName.toLowerCase()}${declared && ` (${declared})`} { ${fieldName}${passed && `(${passed})`} ${selection(field)} }`;
}

function selection(field: GraphQLField<unknown, unknown>, depth = 2): string {
  const type = getNamedType(field.type);
  if (!isObjectType(type)) return '';
  const inner = Object.values(type.getFields()).flatMap((one) => {
    if (isLeafType(getNamedType(one.type))) return one.args.length > 0 ? [] : [one.name];
    return depth > 0 && ['nodes', 'steps', 'deployment', 'event', 'lines', 'account', 'team'].includes(one.name) ? [`${one.name} ${selection(one, depth - 1)}`] : [];
  });
  return `{ ${inner.join(' ')} }`;
}
