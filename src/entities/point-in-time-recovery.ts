import { Entity, ManyToOne, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { timestamp } from './columns.js';
import { ManagedDatabase } from './managed-database.js';
import { Team } from './team.js';

/** That the log of a database is archived, so that its content can be brought back as of any time, and how far that is. */
@ObjectType({ simpleResolvers: true, description: 'A database whose content can be brought back as of any time between two.' })
@Entity({ tableName: 'point_in_time_recovery' })
export class PointInTimeRecovery {
  @Field(() => ID)
  @ManyToOne({ entity: () => ManagedDatabase, mapToPk: true, primary: true, fieldName: 'database_id', deleteRule: 'cascade' })
  databaseId!: string;

  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Field(() => Int, { description: 'So many days back it reaches, once it has been kept for so long.' })
  @Property({ type: 'integer' })
  keepDays!: number;

  /** Not a column: filled by the query that reads the row. */
  @Field(() => Date, { nullable: true, description: 'The first time that can be recovered; null until there is one.' })
  earliest?: Date | null;

  @Field(() => Date, { nullable: true, description: 'The last time that can be recovered: seldom more than a minute ago.' })
  @Property({ ...timestamp, nullable: true })
  latest: Date | null = null;

  /** Not a column: filled by the query that reads the row. */
  @Field(() => Float, { description: 'Bytes that it takes where backups are kept.' })
  storedBytes?: number;

  @Field(() => String, { nullable: true, description: 'What keeps it from going on, where something does.' })
  get trouble(): string | null {
    return this.baseTrouble ?? this.logTrouble;
  }

  /** Counts the chains of segments; 0 while there is none. */
  @Property({ type: 'integer' })
  chain: number = 0;

  /** The number of the first segment that is not archived. */
  @Property({ type: 'double', nullable: true })
  nextSegment: number | null = null;

  /** The transactions that the archive ends with, as the engine writes them; null where it has to look anew. */
  @Property({ type: 'text', nullable: true })
  snapshot: string | null = null;

  @Property({ type: 'text', nullable: true })
  logTrouble: string | null = null;

  @Property({ type: 'text', nullable: true })
  baseTrouble: string | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  /** It was ended: the engine lets go of its log, and what was archived goes. */
  @Property({ ...timestamp, nullable: true })
  endedAt: Date | null = null;
}
