import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor, RequestContext } from '../../context.js';
import { requireCluster, type LogSource, type Orchestrator } from '../../orchestrator/port.js';
import type { LiveLogArgs } from '../../schema/live-log.input.js';
import type { AccessWatch } from '../subscription/access-watch.js';
import type { EventSource } from '../subscription/event-source.js';
import { logFilter, logStart } from './log-source.js';
import { SharedLog } from './shared-log.js';

/** The live log of one kind of thing, whose id is the argument `Id` of its subscription. */
export abstract class LiveLog<Id extends string> implements EventSource {
  abstract readonly subscription: string;
  protected abstract readonly idArgument: Id;

  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly access: AccessWatch,
  ) {}

  /** Where its lines come from, where the actor may do `coordinate` to it. Throws NOT_FOUND or FORBIDDEN. */
  protected abstract readonly sourceOf: (em: EntityManager, actor: Actor, coordinate: string, id: string) => Promise<LogSource>;

  /** Throws BAD_REQUEST for a start or a filter that cannot be, CLUSTER_REQUIRED while there is no cluster. */
  async events(args: LiveLogArgs & Record<Id, string>, { actor, em }: RequestContext): Promise<SharedLog> {
    const from = logStart(args);
    requireCluster(this.orchestrator.cluster());
    const id: string = args[this.idArgument];
    const coordinate = `Subscription.${this.subscription}`;
    const check = (within: EntityManager): Promise<LogSource> => this.sourceOf(within, actor, coordinate, id);
    const channel = this.orchestrator.channel(await check(em), logFilter(args.filter));
    // Of what is no service no event tells; its id keeps the questions about one apart from those about another.
    return new SharedLog(`${this.subscription} ${id} ${JSON.stringify(args.filter ?? {})}`, channel, from, this.access, { actor, serviceId: id, coordinate, check });
  }
}
