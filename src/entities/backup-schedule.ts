import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { ManagedDatabase } from './managed-database.js';
import { Team } from './team.js';

/** When a database is backed up by itself, and how many of those backups are kept. */
@ObjectType('BackupSchedule', { simpleResolvers: true, description: 'When a database is backed up by itself, and how many of those backups are kept.' })
@Entity({ tableName: 'backup_schedule' })
export class BackupSchedule {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Field(() => ID)
  @ManyToOne({ entity: () => ManagedDatabase, mapToPk: true, fieldName: 'database_id', unique: true, deleteRule: 'cascade' })
  databaseId!: string;

  @Field({ description: 'Minute, hour, day of the month, month, day of the week.' })
  @Property({ type: 'text' })
  cron!: string;

  @Field({ description: 'Of the time zone database, e.g. Europe/Berlin.' })
  @Property({ type: 'text' })
  timeZone!: string;

  @Field(() => Int, { description: 'The newest so many of its backups are kept.' })
  @Property({ type: 'integer' })
  keepCount!: number;

  @Field(() => Int, { nullable: true, description: 'None of its backups that is older is kept, but for the newest.' })
  @Property({ type: 'integer', nullable: true })
  keepDays: number | null = null;

  @Field(() => Date, { description: 'When the next one begins.' })
  @Index()
  @Property({ ...timestamp })
  nextAt!: Date;

  @Field(() => String, { nullable: true, description: 'Why the last one was left out or failed; null when it did well.' })
  @Property({ type: 'text', nullable: true })
  trouble: string | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
