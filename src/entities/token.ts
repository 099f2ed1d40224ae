import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { Account } from './account.js';
import { newId, timestamp } from './columns.js';
import { Team } from './team.js';

/** Acts for an account. Only the SHA-256 of the secret is kept; the secret is shown once. */
@ObjectType({ simpleResolvers: true, description: 'Acts for an account. Its secret was shown once and is not kept.' })
@Entity({ tableName: 'token' })
export class Token {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Account, mapToPk: true, fieldName: 'account_id', index: true })
  accountId!: string;

  /** Held to this team, where set: it goes with the team, so that it never comes to mean all of them. */
  @Field(() => ID, { nullable: true })
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id', nullable: true, deleteRule: 'cascade' })
  teamId: string | null = null;

  @Field()
  @Property({ type: 'text' })
  name!: string;

  /** SHA-256 of the secret, hex. The secret has 256 bits of its own, so a slow hash would add nothing. */
  @Property({ type: 'text', unique: true })
  hash!: string;

  /** The first characters of the secret, so that a person can tell tokens apart. */
  @Field()
  @Property({ type: 'text' })
  prefix!: string;

  @Field(() => [String])
  @Property({ type: 'array' })
  scopes!: string[];

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  expiresAt: Date | null = null;

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  revokedAt: Date | null = null;

  /** Written at most once a minute. */
  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  lastUsedAt: Date | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
