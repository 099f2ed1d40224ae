import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { Role } from './roles.js';
import type { TeamQuota } from './team-quota.js';

/** A team owns everything. Each account has a personal one. */
@ObjectType({ simpleResolvers: true, description: 'Owns everything. Each account has a personal one.' })
@Entity({ tableName: 'team' })
export class Team {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field()
  @Property({ type: 'text' })
  name!: string;

  @Field()
  @Property({ type: 'boolean' })
  personal: boolean = false;

  /** The asking account's role; filled by the query that reads the row. */
  @Field(() => Role)
  role?: Role;

  /** What each of its environments may hold, where the operator set it; the rest is the installation's. */
  @Property({ type: 'json', nullable: true })
  quota: Partial<TeamQuota> | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Property({ ...timestamp, nullable: true })
  deletedAt: Date | null = null;
}
