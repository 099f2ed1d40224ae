import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { Team } from './team.js';

export const PRODUCTION = 'production';

/** A stage of a team, and one namespace of a cluster. Never its variables. */
@ObjectType({ simpleResolvers: true })
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

  /** Name of its namespace: deterministic, made from the installation and the row. */
  @Property({ type: 'text', unique: true })
  namespace!: string;

  /** Which cluster it lives on; null is the installation's own. */
  @Property({ type: 'uuid', nullable: true })
  clusterId: string | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Property({ ...timestamp, nullable: true })
  deletedAt: Date | null = null;
}
