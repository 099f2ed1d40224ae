import type { Rel } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { Backup } from './backup.js';
import { newId, timestamp } from './columns.js';
import { DatabaseSize, DatabaseState, DatabaseType } from './database-state.js';
import { Environment } from './environment.js';
import { Team } from './team.js';
import { Resources } from './workload-spec.js';

/** For 7 days a deleted database keeps its volume. */
const GRACE_MS = 7 * 86_400_000;

/**
 * A database that Apex runs. The row is the intent (its `generation` grows with each change) and what was last seen of it;
 * its password is sealed, and stands in no other column.
 */
@ObjectType('Database', { simpleResolvers: true, description: 'A database that Apex runs, and how it is. Never its credentials.' })
@Entity({ tableName: 'managed_database' })
@Unique({ properties: ['environmentId', 'name'] })
@Index({ properties: ['teamId', 'createdAt', 'id'] })
export class ManagedDatabase {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Field(() => ID)
  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @ManyToOne({ entity: () => Environment, mapToPk: true, fieldName: 'environment_id' })
  environmentId!: string;

  @Field()
  @Property({ type: 'text' })
  name!: string;

  @Field(() => String, { description: 'postgres, mysql, mariadb, redis or mongodb.' })
  @Enum({ items: () => DatabaseType })
  type!: DatabaseType;

  @Field()
  @Property({ type: 'text' })
  version!: string;

  @Field(() => String, { description: 'small, medium, large or xlarge.' })
  @Enum({ items: () => DatabaseSize })
  size!: DatabaseSize;

  @Field(() => Resources)
  @Property({ type: 'json' })
  resources!: Resources;

  @Field({ description: 'It only grows.' })
  @Property({ type: 'text' })
  storage!: string;

  @Field(() => DatabaseState)
  @Enum({ items: () => DatabaseState })
  status: DatabaseState = DatabaseState.PROVISIONING;

  @Field(() => String, { nullable: true, description: 'What keeps it from being available, where something does.' })
  @Property({ type: 'text', nullable: true })
  statusMessage: string | null = null;

  @Field()
  @Property({ type: 'boolean' })
  paused: boolean = false;

  /** Sealed by the vault for the team and this row. */
  @Property({ type: 'text' })
  sealedPassword!: string;

  /** Set while the engine may already know the next password and may not: the reconciler finds out. */
  @Property({ type: 'text', nullable: true })
  sealedNextPassword: string | null = null;

  /** Counts the passwords, so that whoever holds one knows that it is old. */
  @Property({ type: 'integer' })
  credentialsRevision: number = 1;

  @Property({ type: 'integer' })
  generation: number = 1;

  @Property({ type: 'integer' })
  observedGeneration: number = 0;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Field(() => Date, { nullable: true, description: 'It was deleted; until `purgeAt` it can be restored.' })
  @Property({ ...timestamp, nullable: true })
  deletedAt: Date | null = null;

  @Field(() => Date, { nullable: true, description: 'When its volume goes too.' })
  @Property({ ...timestamp, nullable: true })
  purgeAt: Date | null = null;

  /** It is deleted once this backup is DONE, and goes on if it fails. */
  @Field(() => ID, { nullable: true, description: 'The final backup that is being made: once it is DONE the database is deleted, and if it fails it is not.' })
  @Property({ type: 'uuid', nullable: true })
  finalBackupId: string | null = null;

  /** Not a column: filled by the query that reads the row. */
  @Field(() => Backup, { nullable: true, description: 'Its newest backup: how it went, and why it failed.' })
  lastBackup?: Rel<Backup> | null;

  /** Not a column: filled by the query that reads the row. */
  @Field(() => Environment)
  environment?: Rel<Environment>;

  /** It is deleted as of `now`: stopped, its volume kept for its grace. */
  markDeleted(now: Date): void {
    this.deletedAt ??= now;
    this.purgeAt ??= new Date(now.getTime() + GRACE_MS);
    this.finalBackupId = null;
    this.status = DatabaseState.DELETED;
    this.statusMessage = null;
    this.generation += 1;
  }
}
