import { Entity, Enum, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Account } from './account.js';
import { newId, timestamp } from './columns.js';
import { Role } from './roles.js';
import { Service } from './service.js';
import { Team } from './team.js';

export enum TokenKind {
  /** Acts for an account. */
  ACCOUNT = 'ACCOUNT',
  /** Acts for a team, and outlives the account that made it. */
  MACHINE = 'MACHINE',
  /** A session of the dashboard: it is good in a cookie only. */
  SESSION = 'SESSION',
}
registerEnumType(TokenKind, { name: 'TokenKind', description: 'For whom a token acts: an account, a team as a machine, or a session of the dashboard.' });

/** Acts for an account or, as a machine, for a team. Only the SHA-256 of the secret is kept; the secret is shown once. */
@ObjectType({ simpleResolvers: true, description: 'Acts for an account or, as a machine, for a team. Its secret was shown once and is not kept.' })
@Entity({ tableName: 'token' })
export class Token {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => TokenKind)
  @Enum({ items: () => TokenKind })
  kind: TokenKind = TokenKind.ACCOUNT;

  /** Null for a machine. */
  @ManyToOne({ entity: () => Account, mapToPk: true, fieldName: 'account_id', nullable: true, index: true })
  accountId: string | null = null;

  /** A machine's role in its team; an account's is that of its membership. */
  @Field(() => Role, { nullable: true, description: "A machine's role in its team." })
  @Enum({ items: () => Role, nullable: true })
  role: Role | null = null;

  /** Held to this service, where set. */
  @Field(() => ID, { nullable: true, description: 'Held to this one service.' })
  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id', nullable: true, deleteRule: 'cascade' })
  serviceId: string | null = null;

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
