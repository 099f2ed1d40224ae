import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';

/** A person. The first account, made at first boot, is the installation's operator. */
@ObjectType({ simpleResolvers: true, description: 'A person with a way in.' })
@Entity({ tableName: 'account' })
export class Account {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field()
  @Property({ type: 'text' })
  name!: string;

  @Field(() => String, { nullable: true })
  @Property({ type: 'text', nullable: true, unique: true })
  email: string | null = null;

  /** Argon2id, in the PHC string format. Null: this account has no password yet. */
  @Property({ type: 'text', nullable: true })
  passwordHash: string | null = null;

  /** Since when the address is known to be the account's; until then it opens no team to it. */
  @Property({ ...timestamp, nullable: true })
  emailVerifiedAt: Date | null = null;

  @Field()
  @Property({ type: 'boolean' })
  isOperator: boolean = false;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Property({ ...timestamp, nullable: true })
  deletedAt: Date | null = null;
}
