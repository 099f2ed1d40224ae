import { Arg, Ctx, FieldResolver, Resolver, Root, type ClassType } from 'type-graphql';
import { requireScope } from '../../auth/guard-schema.js';
import { PERMISSIONS } from '../../auth/permissions.js';
import { requireAccess, type Noun } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Deployment } from '../../entities/deployment.js';
import { EnvGroup } from '../../entities/env-group.js';
import { Environment } from '../../entities/environment.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { RegistryCredential } from '../../entities/registry-credential.js';
import { Service } from '../../entities/service.js';
import { Team } from '../../entities/team.js';
import { ApexError } from '../../errors.js';
import { invalid } from '../../schema/check-input.js';

const description = 'Whether the caller may do this here: the name of a mutation, a query or a subscription.';

/** The line of the table that an action names; for a name of several, that of the mutation. */
function coordinateOf(action: string): string {
  const coordinate = ['Mutation', 'Query', 'Subscription'].map((root) => `${root}.${action}`).find((known) => PERMISSIONS[known]?.role);
  if (!coordinate) throw invalid([{ path: 'action', message: 'must be the name of an operation that asks for a role' }]);
  return coordinate;
}

async function can({ em, actor }: RequestContext, action: string, noun: Noun, id: string): Promise<boolean> {
  const coordinate = coordinateOf(action);
  try {
    requireScope(actor, PERMISSIONS[coordinate]!);
    await requireAccess(em, actor, coordinate, noun, id);
    return true;
  } catch (error) {
    if (error instanceof ApexError) return false;
    throw error;
  }
}

/** The field `viewerCan` of one type. */
function viewerCanOf(type: ClassType<{ id: string }>, noun: Noun): ClassType {
  @Resolver(() => type)
  class ViewerCan {
    @FieldResolver(() => Boolean, { description })
    viewerCan(@Root() { id }: { id: string }, @Ctx() context: RequestContext, @Arg('action', () => String) action: string): Promise<boolean> {
      return can(context, action, noun, id);
    }
  }
  return ViewerCan;
}

/** `viewerCan` of everything that a role is asked for. */
export const VIEWER_CAN: readonly ClassType[] = [
  viewerCanOf(Team, 'team'), viewerCanOf(Environment, 'environment'), viewerCanOf(Service, 'service'), viewerCanOf(Deployment, 'deployment'),
  viewerCanOf(EnvGroup, 'envGroup'), viewerCanOf(ManagedDatabase, 'database'), viewerCanOf(RegistryCredential, 'registryCredential'),
];
