import { createHash } from 'node:crypto';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { EnvironmentKind } from './environment-kind.js';
import { Team } from './team.js';

export const PRODUCTION = 'production';

const NAMESPACE_LENGTH = 63;
const short = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 8);

/** The namespace of an environment: of this installation and of this very row, so that a deleted one's end is never in the way of a new one. */
export function namespaceFor(installationId: string, environmentId: string, name: string): string {
  return `apex-${short(installationId)}-${short(environmentId)}-${name}`.slice(0, NAMESPACE_LENGTH).replace(/-+$/, '');
}

/** A stage of a team, and one namespace of a cluster. Never its variables. */
@ObjectType({ simpleResolvers: true, description: 'A stage of a team, e.g. production. Never its variables.' })
@Entity({ tableName: 'environment' })
@Index({ name: 'environment_team_name_unique', expression: 'create unique index environment_team_name_unique on environment (team_id, name) where deleted_at is null' })
export class Environment {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Field()
  @Property({ type: 'text' })
  name!: string;

  @Field(() => EnvironmentKind)
  @Enum({ items: () => EnvironmentKind })
  kind: EnvironmentKind = EnvironmentKind.STAGE;

  /** Name of its namespace, as `namespaceFor` gives it. */
  @Property({ type: 'text', unique: true })
  namespace!: string;

  @Field({ description: 'In a protected environment, what else asks for DEVELOPER asks for ADMIN.' })
  @Property({ type: 'boolean' })
  protected: boolean = false;

  /** Which cluster it lives on; null is the installation's own. */
  @Property({ type: 'uuid', nullable: true })
  clusterId: string | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Property({ ...timestamp, nullable: true })
  deletedAt: Date | null = null;
}
