import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { Team } from './team.js';

/** Where a team sends its logs, and how that goes. */
@ObjectType({ simpleResolvers: true, description: 'Where a team sends its logs, and how that goes: sent, dropped and pending lines together are all that were kept since it was made.' })
@Entity({ tableName: 'log_drain' })
export class LogDrain {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @Index()
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Field()
  @Property({ type: 'text' })
  name!: string;

  /** `https://…`, `syslog+tls://host:port` or `syslog://host:port`. */
  @Field()
  @Property({ type: 'text' })
  url!: string;

  @Property({ type: 'text', nullable: true })
  sealedToken: string | null = null;

  @Field(() => Float)
  @Property({ type: 'bigint' })
  sent: number = 0;

  @Field(() => Float, { description: 'Lines that were let go unsent: too many waited, or they were no longer kept.' })
  @Property({ type: 'bigint' })
  dropped: number = 0;

  @Field(() => String, { nullable: true, description: 'Why the last attempt failed; null while it works.' })
  @Property({ type: 'text', nullable: true })
  lastError: string | null = null;

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  lastErrorAt: Date | null = null;

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  lastSentAt: Date | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
