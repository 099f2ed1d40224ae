import { ArgsType, Field, Int } from 'type-graphql';
import { LogFilterInput } from './log.types.js';

/** What every live log takes beside the id of what it is of. */
@ArgsType()
export class LiveLogArgs {
  @Field(() => LogFilterInput, { nullable: true })
  filter?: LogFilterInput | null;

  @Field(() => Int, { nullable: true, description: 'Begin with so many of the last lines; 500 where no start is given.' })
  tail?: number | null;

  @Field(() => Date, { nullable: true })
  since?: Date | null;

  @Field(() => String, { nullable: true, description: 'A cursor: go on behind it.' })
  after?: string | null;
}
