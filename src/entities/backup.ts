import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, ObjectType } from 'type-graphql';
import { BackupPlace } from './backup-place.js';
import { BackupState } from './backup-state.js';
import { BackupTrigger } from './backup-trigger.js';
import { newId, timestamp } from './columns.js';
import { DatabaseType } from './database-state.js';
import { ManagedDatabase } from './managed-database.js';
import { Team } from './team.js';

/** The content of a database at one time, as a sealed object in the store of backups. It goes when its database goes for good. */
@ObjectType('Backup', { simpleResolvers: true, description: 'The content of a database at one time: compressed, encrypted, with a checksum.' })
@Entity({ tableName: 'backup' })
@Index({ properties: ['databaseId', 'createdAt', 'id'] })
export class Backup {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Field(() => ID)
  @ManyToOne({ entity: () => ManagedDatabase, mapToPk: true, fieldName: 'database_id', deleteRule: 'cascade' })
  databaseId!: string;

  @Field(() => BackupState)
  @Enum({ items: () => BackupState })
  state: BackupState = BackupState.RUNNING;

  @Field(() => BackupTrigger)
  @Enum({ items: () => BackupTrigger })
  trigger: BackupTrigger = BackupTrigger.API;

  @Field(() => String, { description: 'postgres, mysql, mariadb, redis or mongodb.' })
  @Enum({ items: () => DatabaseType })
  engine!: DatabaseType;

  @Field()
  @Property({ type: 'text' })
  version!: string;

  @Field(() => Float, { nullable: true, description: 'Bytes of what is stored; null until it is done.' })
  @Property({ type: 'double', nullable: true })
  size: number | null = null;

  @Field(() => Float, { nullable: true, description: 'Bytes of the content as the engine gave it, before it was compressed.' })
  @Property({ type: 'double', nullable: true })
  contentSize: number | null = null;

  @Field(() => String, { nullable: true, description: 'SHA-256 of what is stored, in hexadecimal.' })
  @Property({ type: 'text', nullable: true })
  sha256: string | null = null;

  @Field(() => BackupPlace, { nullable: true, description: 'Where it is; null until it is done.' })
  @Enum({ items: () => BackupPlace, nullable: true })
  place: BackupPlace | null = null;

  /** The key of the object, sealed with the team's. Each attempt has a new one. */
  @Property({ type: 'text', nullable: true })
  sealedKey: string | null = null;

  @Field(() => String, { nullable: true, description: 'Why it failed.' })
  @Property({ type: 'text', nullable: true })
  message: string | null = null;

  /** Counts the servers that began it. */
  @Property({ type: 'integer' })
  attempts: number = 0;

  /** It failed, and the team is yet to be told by mail, not before this time. */
  @Property({ ...timestamp, nullable: true })
  noticeDueAt: Date | null = null;

  /** Counts the mails that were tried. */
  @Property({ type: 'integer' })
  noticeAttempts: number = 0;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Field(() => Date, { nullable: true })
  @Property({ ...timestamp, nullable: true })
  endedAt: Date | null = null;

  /** Its object is being removed, and then this row. */
  @Property({ ...timestamp, nullable: true })
  deletedAt: Date | null = null;
}
