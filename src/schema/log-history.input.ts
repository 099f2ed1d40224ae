import { ArgsType, Field, Int } from 'type-graphql';
import { LogFilterInput } from './log.types.js';

/** What every search of kept lines takes beside the id of what wrote them. */
@ArgsType()
export class LogHistoryArgs {
  @Field(() => LogFilterInput, { nullable: true })
  filter?: LogFilterInput | null;

  @Field(() => Date, { nullable: true })
  since?: Date | null;

  @Field(() => Date, { nullable: true })
  until?: Date | null;

  @Field(() => Boolean, { nullable: true })
  oldestFirst?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'At most so many lines: 100 where nothing is said, 1000 at most.' })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'endCursor of the page before.' })
  after?: string | null;
}
