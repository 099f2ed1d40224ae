import { Entity, ManyToOne, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { timestamp } from './columns.js';
import { ManagedDatabase } from './managed-database.js';

/** What an engine said of itself at the last look: seen, not intended, and apart from the database's own row, which changes only with its state. */
@ObjectType({ simpleResolvers: true, description: 'How busy and how full a database was when it was last looked at.' })
@Entity({ tableName: 'database_usage' })
export class DatabaseUsage {
  @Field(() => ID)
  @ManyToOne({ entity: () => ManagedDatabase, mapToPk: true, primary: true, fieldName: 'database_id', deleteRule: 'cascade' })
  databaseId!: string;

  @Field(() => Int, { nullable: true, description: 'Connections of clients.' })
  @Property({ type: 'integer', nullable: true })
  connections: number | null = null;

  @Field(() => Int, { nullable: true, description: 'So many the engine takes.' })
  @Property({ type: 'integer', nullable: true })
  maxConnections: number | null = null;

  @Field(() => Float, { nullable: true, description: 'Bytes of memory that its content takes, where the engine tells.' })
  @Property({ type: 'double', nullable: true })
  memoryUsed: number | null = null;

  @Field(() => Float, { description: 'Bytes of its storage that are taken.' })
  @Property({ type: 'double' })
  storageUsed!: number;

  @Field(() => Float, { description: 'Bytes of its storage in all.' })
  @Property({ type: 'double' })
  storageTotal!: number;

  @Field(() => Date)
  @Property({ ...timestamp })
  observedAt!: Date;
}
