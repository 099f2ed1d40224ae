import { Arg, Args, ID, Resolver, Root, Subscription } from 'type-graphql';
import { LiveLogArgs } from '../../schema/live-log.input.js';
import { LogBatch } from '../../schema/log.types.js';
import { notWired } from '../subscription/event-source.js';
import { LiveLog } from './live-log.js';
import { databaseLogSource } from './log-source.js';

@Resolver()
export class DatabaseLogsSubscription extends LiveLog<'databaseId'> {
  readonly subscription = 'databaseLogs';
  protected readonly idArgument = 'databaseId';
  protected readonly sourceOf = databaseLogSource;

  @Subscription(() => LogBatch, { subscribe: notWired, description: 'The lines of a database as they come, through restarts, by the rules of `serviceLogs`.' })
  databaseLogs(@Root() batch: LogBatch, @Arg('databaseId', () => ID) _id: string, @Args(() => LiveLogArgs) _args: LiveLogArgs): LogBatch {
    return batch;
  }
}
