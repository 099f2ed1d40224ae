import type { TokenScope } from '../context.js';
import { Role } from '../entities/roles.js';

/** What a field asks of its caller: a scope of the token, and a role in the team that it is about (where it is about one). */
export interface Permission {
  /** `public` needs no token. */
  scope: 'public' | TokenScope;
  role: Role | null;
}

const ownAccount = (scope: TokenScope): Permission => ({ scope, role: null });
const member = (scope: TokenScope, role: Role): Permission => ({ scope, role });

const READ = ownAccount('read');
const VIEW = member('read', Role.VIEWER);
const DEPLOY = member('deploy', Role.DEVELOPER);

/**
 * Who may do what, by schema coordinate. A query, a mutation and a subscription each have a line of their own; a type has
 * one line for all its fields, and a field that asks for more has its own. The boot stops at one that is missing.
 */
export const PERMISSIONS: Readonly<Record<string, Permission>> = {
  'Query.viewer': READ,
  'Query.teams': READ,
  'Query.tokens': READ,
  'Query.environments': VIEW,
  'Query.services': VIEW,
  'Query.service': VIEW,
  'Query.deployments': VIEW,
  'Query.deployment': VIEW,
  'Query.serviceLogs': VIEW,

  'Mutation.createEnvironment': DEPLOY,
  'Mutation.deleteEnvironment': member('admin', Role.ADMIN),
  'Mutation.deployService': DEPLOY,
  'Mutation.updateService': DEPLOY,
  'Mutation.deleteService': DEPLOY,
  'Mutation.redeployService': DEPLOY,
  'Mutation.pauseService': DEPLOY,
  'Mutation.cancelDeployment': DEPLOY,
  'Mutation.createToken': ownAccount('admin'),
  'Mutation.revokeToken': ownAccount('admin'),

  'Subscription.serviceChanged': VIEW,
  'Subscription.deploymentProgress': VIEW,
  'Subscription.serviceLogs': VIEW,

  Account: READ,
  CreatedToken: READ,
  Deployment: READ,
  DeploymentConnection: READ,
  DeploymentEdge: READ,
  DeploymentEvent: READ,
  DeploymentProgress: READ,
  DeploymentReason: READ,
  DeploymentStep: READ,
  Environment: READ,
  HealthCheck: READ,
  LogBatch: READ,
  LogLine: READ,
  PageInfo: READ,
  PreDeploy: READ,
  Resources: READ,
  Service: READ,
  ServiceConnection: READ,
  ServiceEdge: READ,
  Team: READ,
  Token: READ,
};
