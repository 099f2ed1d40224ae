import type { GraphQLSchema } from 'graphql';
import type { RequestContext } from '../../context.js';

/** A resolver class whose subscription of the same name gets its events here. */
export interface EventSource {
  readonly subscription: string;
  /** Checks what can be refused, then answers the events. Arguments are as the schema coerced them. */
  events(args: never, context: RequestContext): Promise<AsyncIterable<unknown>>;
}

/** For the decorator, which knows no instance: `wireSubscriptions` puts the instance's events in its place. */
export const notWired = (): never => {
  throw new Error('This subscription is not wired');
};

/** Gives every subscription of the schema its source. Throws when one has none. */
export function wireSubscriptions(schema: GraphQLSchema, instances: readonly object[]): void {
  const sources = new Map(instances.filter(isSource).map((source) => [source.subscription, source]));
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const source = sources.get(field.name);
    if (!source) throw new Error(`The subscription ${field.name} has no source of events`);
    field.subscribe = (_, args, context: RequestContext) => source.events(args as never, context);
  }
}

const isSource = (instance: object): instance is EventSource => 'subscription' in instance && 'events' in instance;
