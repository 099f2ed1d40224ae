import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { Environment } from './environment.js';
import { Team } from './team.js';

/** Variables of a team that several services share: for all its environments or for one. Their values are write-only. */
@ObjectType({ simpleResolvers: true, description: 'Variables of a team that several services share. Their values are write-only.' })
@Entity({ tableName: 'env_group' })
@Index({ name: 'env_group_team_name_unique', expression: 'create unique index env_group_team_name_unique on env_group (team_id, name) where deleted_at is null' })
export class EnvGroup {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  /** Only for services of this environment, where set. */
  @Field(() => ID, { nullable: true })
  @ManyToOne({ entity: () => Environment, mapToPk: true, fieldName: 'environment_id', nullable: true, deleteRule: 'no action' })
  environmentId: string | null = null;

  @Field()
  @Property({ type: 'text' })
  name!: string;

  /** Grows with each change of its variables. */
  @Field(() => Int)
  @Property({ type: 'integer' })
  revision: number = 1;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Property({ ...timestamp, nullable: true })
  deletedAt: Date | null = null;

  /** Not columns: filled by the query that reads the row. */
  @Field(() => [String], { description: 'The names of its variables.' })
  keys?: string[];

  @Field(() => String, { nullable: true, description: 'Name of the one environment that it is for; null for all.' })
  environment?: string | null;
}
