import DataLoader from 'dataloader';
import { Arg, Ctx, FieldResolver, Resolver, Root, type ClassType } from 'type-graphql';
import { requireScope } from '../../auth/guard-schema.js';
import { PERMISSIONS } from '../../auth/permissions.js';
import { accessible, type Noun } from '../../auth/tenant-scope.js';
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

interface Question {
  coordinate: string;
  id: string;
}

/** The field `viewerCan` of one type: of a whole list it is asked at once. */
function viewerCanOf(type: ClassType<{ id: string }>, noun: Noun): ClassType {
  @Resolver(() => type)
  class ViewerCan {
    private readonly loaders = new WeakMap<RequestContext, DataLoader<Question, boolean>>();

    @FieldResolver(() => Boolean, { description })
    async viewerCan(@Root() { id }: { id: string }, @Ctx() context: RequestContext, @Arg('action', () => String) action: string): Promise<boolean> {
      const coordinate = coordinateOf(action);
      return isInScope(context, coordinate) && this.loaderOf(context).load({ coordinate, id });
    }

    private loaderOf(context: RequestContext): DataLoader<Question, boolean> {
      const loader = this.loaders.get(context) ?? new DataLoader((questions: readonly Question[]) => answersOf(context, noun, questions), { cache: false });
      this.loaders.set(context, loader);
      return loader;
    }
  }
  return ViewerCan;
}

async function answersOf({ em, actor }: RequestContext, noun: Noun, questions: readonly Question[]): Promise<boolean[]> {
  const yes = await accessible(em, actor, noun, questions);
  return questions.map((question) => yes.has(question));
}

function isInScope({ actor }: RequestContext, coordinate: string): boolean {
  try {
    requireScope(actor, PERMISSIONS[coordinate]!);
    return true;
  } catch (error) {
    if (error instanceof ApexError) return false;
    throw error;
  }
}

/** `viewerCan` of everything that a role is asked for. */
export const VIEWER_CAN: readonly ClassType[] = [
  viewerCanOf(Team, 'team'), viewerCanOf(Environment, 'environment'), viewerCanOf(Service, 'service'), viewerCanOf(Deployment, 'deployment'),
  viewerCanOf(EnvGroup, 'envGroup'), viewerCanOf(ManagedDatabase, 'database'), viewerCanOf(RegistryCredential, 'registryCredential'),
];
