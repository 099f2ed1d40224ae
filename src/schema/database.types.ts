import { Field, ID, Int, ObjectType } from 'type-graphql';
import { ManagedDatabase } from '../entities/managed-database.js';
import { connectionOf } from './connection.js';

/** A page of databases. "DatabaseConnection" is how one connects to a database. */
export const DatabasePage = connectionOf(ManagedDatabase, 'Database', 'DatabasePage');

@ObjectType({ simpleResolvers: true, description: 'How services of its environment connect to a database, with its credentials.' })
export class DatabaseConnection {
  @Field(() => ID)
  databaseId!: string;

  @Field()
  host!: string;

  @Field(() => Int)
  port!: number;

  @Field()
  username!: string;

  @Field()
  password!: string;

  @Field(() => String, { nullable: true })
  database!: string | null;

  @Field()
  url!: string;
}
