import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { requireScope } from '../../auth/guard-schema.js';
import { PERMISSIONS } from '../../auth/permissions.js';
import { requireAccess, type Noun } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { EnvGroup } from '../../entities/env-group.js';
import { Environment } from '../../entities/environment.js';
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

@Resolver(() => Team)
export class TeamViewerCan {
  @FieldResolver(() => Boolean, { description })
  viewerCan(@Root() { id }: Team, @Ctx() context: RequestContext, @Arg('action', () => String) action: string): Promise<boolean> {
    return can(context, action, 'team', id);
  }
}

@Resolver(() => Environment)
export class EnvironmentViewerCan {
  @FieldResolver(() => Boolean, { description })
  viewerCan(@Root() { id }: Environment, @Ctx() context: RequestContext, @Arg('action', () => String) action: string): Promise<boolean> {
    return can(context, action, 'environment', id);
  }
}

@Resolver(() => Service)
export class ServiceViewerCan {
  @FieldResolver(() => Boolean, { description })
  viewerCan(@Root() { id }: Service, @Ctx() context: RequestContext, @Arg('action', () => String) action: string): Promise<boolean> {
    return can(context, action, 'service', id);
  }
}

@Resolver(() => EnvGroup)
export class EnvGroupViewerCan {
  @FieldResolver(() => Boolean, { description })
  viewerCan(@Root() { id }: EnvGroup, @Ctx() context: RequestContext, @Arg('action', () => String) action: string): Promise<boolean> {
    return can(context, action, 'envGroup', id);
  }
}
