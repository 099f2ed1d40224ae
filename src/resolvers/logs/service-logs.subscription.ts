import { Arg, Args, ID, Resolver, Root, Subscription } from 'type-graphql';
import { LiveLogArgs } from '../../schema/live-log.input.js';
import { LogBatch } from '../../schema/log.types.js';
import { notWired } from '../subscription/event-source.js';
import { LiveLog } from './live-log.js';
import { logSource } from './log-source.js';

@Resolver()
export class ServiceLogsSubscription extends LiveLog<'serviceId'> {
  readonly subscription = 'serviceLogs';
  protected readonly idArgument = 'serviceId';
  protected readonly sourceOf = logSource;

  @Subscription(() => LogBatch, {
    subscribe: notWired,
    description: 'The lines of all replicas as they come, through rollouts and restarts. The first batch comes at once, also when it is empty. The order of arguments\' weight: after, since, tail.',
  })
  serviceLogs(@Root() batch: LogBatch, @Arg('serviceId', () => ID) _id: string, @Args(() => LiveLogArgs) _args: LiveLogArgs): LogBatch {
    return batch;
  }
}
