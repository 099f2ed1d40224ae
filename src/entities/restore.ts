import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { BackupState } from './backup-state.js';
import { Backup } from './backup.js';
import { newId, timestamp } from './columns.js';
import { ManagedDatabase } from './managed-database.js';
import { Team } from './team.js';

/** A backup, or the content as of a time, on its way into a database. */
@ObjectType('Restore', { simpleResolvers: true, description: 'A backup, or the content as of a time, on its way into a database. Until it is DONE the database has its old content.' })
@Entity({ tableName: 'restore' })
export class Restore {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Field(() => ID, { nullable: true, description: 'Null of a recovery to a time, and when the backup was deleted since.' })
  @Index()
  @ManyToOne({ entity: () => Backup, mapToPk: true, fieldName: 'backup_id', nullable: true, deleteRule: 'set null' })
  backupId: string | null = null;

  @Field(() => ID, { description: 'The database that gets the content.' })
  @Index()
  @ManyToOne({ entity: () => ManagedDatabase, mapToPk: true, fieldName: 'database_id', deleteRule: 'cascade' })
  databaseId!: string;

  @Field(() => ID, { nullable: true, description: 'Of a recovery to a time: the database whose content it was.' })
  @Index()
  @ManyToOne({ entity: () => ManagedDatabase, mapToPk: true, fieldName: 'source_id', nullable: true, deleteRule: 'set null' })
  sourceId: string | null = null;

  @Field(() => Date, { nullable: true, description: 'The time as of which the content is brought back; null of a backup.' })
  @Property({ ...timestamp, nullable: true })
  toTime: Date | null = null;

  @Field(() => BackupState)
  @Enum({ items: () => BackupState })
  state: BackupState = BackupState.RUNNING;

  @Field(() => String, { nullable: true, description: 'Why it failed.' })
  @Property({ type: 'text', nullable: true })
  message: string | null = null;

  /** Counts the servers that began it. */
  @Property({ type: 'integer' })
  attempts: number = 0;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  endedAt: Date | null = null;
}
