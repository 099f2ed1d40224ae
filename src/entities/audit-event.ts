import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';

/** What an audit event keeps of a state: names and plain values; a secret is `•••`. */
export type AuditState = Record<string, string | number | boolean | null | string[]>;

export const HIDDEN = '•••';

/** Who did what, on what, from where, with what outcome. The database lets nobody change or remove one. */
@ObjectType({ simpleResolvers: true, description: 'Who did what, on what, from where, with what outcome. Nobody changes or removes one.' })
@Entity({ tableName: 'audit_event' })
@Index({ properties: ['teamId', 'createdAt', 'id'] })
export class AuditEvent {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  /** No foreign keys: the log outlives what it tells of. */
  @Field(() => ID, { nullable: true })
  @Property({ type: 'uuid', nullable: true })
  teamId: string | null = null;

  @Field(() => ID, { nullable: true, description: 'Null for a machine and for the system.' })
  @Property({ type: 'uuid', nullable: true })
  accountId: string | null = null;

  @Field(() => ID, { nullable: true })
  @Property({ type: 'uuid', nullable: true })
  tokenId: string | null = null;

  @Field({ description: 'Name of who did it, as it was then.' })
  @Property({ type: 'text' })
  actor!: string;

  @Field({ description: 'The operation, e.g. `deployService`.' })
  @Property({ type: 'text' })
  action!: string;

  @Field(() => String, { nullable: true })
  @Property({ type: 'text', nullable: true })
  targetKind: string | null = null;

  @Field(() => ID, { nullable: true })
  @Property({ type: 'text', nullable: true })
  targetId: string | null = null;

  @Field(() => String, { nullable: true })
  @Property({ type: 'text', nullable: true })
  targetName: string | null = null;

  @Field({ description: 'OK, or the code of the refusal.' })
  @Property({ type: 'text' })
  outcome!: string;

  @Field()
  @Property({ type: 'text' })
  ip!: string;

  @Field({ description: 'Through which door: rest, graphql, websocket …' })
  @Property({ type: 'text' })
  door!: string;

  @Field()
  @Property({ type: 'text' })
  requestId!: string;

  @Field(() => String, { nullable: true, description: 'JSON of what changed, as it was; secrets as •••.' })
  get before(): string | null {
    return this.beforeState && JSON.stringify(this.beforeState);
  }

  @Field(() => String, { nullable: true, description: 'JSON of what changed, as it is; secrets as •••.' })
  get after(): string | null {
    return this.afterState && JSON.stringify(this.afterState);
  }

  @Property({ type: 'json', nullable: true, fieldName: 'before' })
  beforeState: AuditState | null = null;

  @Property({ type: 'json', nullable: true, fieldName: 'after' })
  afterState: AuditState | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
