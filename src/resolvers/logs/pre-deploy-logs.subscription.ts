import { Arg, Args, ID, Resolver, Root, Subscription } from 'type-graphql';
import { LiveLogArgs } from '../../schema/live-log.input.js';
import { LogBatch } from '../../schema/log.types.js';
import { notWired } from '../subscription/event-source.js';
import { LiveLog } from './live-log.js';
import { preDeployLogSource } from './log-source.js';

@Resolver()
export class PreDeployLogsSubscription extends LiveLog<'deploymentId'> {
  readonly subscription = 'preDeployLogs';
  protected readonly idArgument = 'deploymentId';
  protected readonly sourceOf = preDeployLogSource;

  @Subscription(() => LogBatch, { subscribe: notWired, description: 'The lines of the step before a rollout as they come, by the rules of `serviceLogs`.' })
  preDeployLogs(@Root() batch: LogBatch, @Arg('deploymentId', () => ID) _id: string, @Args(() => LiveLogArgs) _args: LiveLogArgs): LogBatch {
    return batch;
  }
}
