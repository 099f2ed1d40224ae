import { Field, ID, InputType } from 'type-graphql';
import { DATABASE_SIZE, DATABASE_TYPE, STORAGE, VERSION } from './database.rules.js';
import { Rule } from './rule.js';
import { SERVICE_NAME } from './workload.rules.js';

@InputType()
export class CreateDatabaseInput {
  @Rule(SERVICE_NAME)
  @Field({ description: 'Unique in its environment, services included: it is the name by which they find it.' })
  name!: string;

  @Rule(DATABASE_TYPE)
  @Field({ description: 'postgres, mysql, mariadb, redis or mongodb.' })
  type!: string;

  @Rule(VERSION)
  @Field(() => String, { nullable: true, description: 'Default: the one that the documentation names for the type.' })
  version?: string | null;

  @Rule(DATABASE_SIZE)
  @Field(() => String, { nullable: true, defaultValue: 'small', description: 'small, medium, large or xlarge.' })
  size?: string | null;

  @Rule(STORAGE)
  @Field(() => String, { nullable: true, description: "In place of the size's own storage." })
  storage?: string | null;

  @Field(() => ID, { nullable: true, description: 'Default: the personal team, or the one that the token is held to.' })
  teamId?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the environment. Default: production.' })
  environment?: string | null;
}
