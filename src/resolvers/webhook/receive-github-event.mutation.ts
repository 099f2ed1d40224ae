import { DeadlockException, type EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { validate as isUuid } from 'uuid';
import { signatureHolds } from '../../auth/webhook-signature.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { SERVER_RECEIVER, WebhookVerdict } from '../../entities/webhook-delivery.js';
import type { WebhookOutcome } from '../../entities/webhook-outcome.js';
import { ApexError, badRequest, type Fault } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import { GithubEventInput } from '../../schema/github-event.input.js';
import { WebhookReceipt } from '../../schema/webhook-receipt.payload.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { applyPush, type PushEffect } from './apply-push.js';
import { readGithubEvent, type ForgeEvent } from './github-event.js';
import { whyNothing } from './push.js';
import { forgetOldDeliveries, insertDelivery, writeEffects } from './write-delivery.js';

/** How many deliveries that are signed with one secret are taken. Throws RATE_LIMITED. */
export interface DeliveryAllowance {
  take(receiver: string): Promise<void>;
}

const SIGNATURE = 'x-hub-signature-256';
const DELIVERY_ID = /^[\w-]{1,100}$/;
const EVENT = /^[a-z0-9_]{1,60}$/;

interface Receiver {
  /** `server`, or the service whose own secret it is. */
  id: string;
  service: string | null;
  secret: string | null;
}

@Resolver()
export class ReceiveGithubEventMutation {
  constructor(
    private readonly vault: Vault,
    private readonly orchestrator: Orchestrator,
    private readonly serverSecret: string | undefined,
    private readonly allowance: DeliveryAllowance | undefined,
  ) {}

  @Mutation(() => WebhookReceipt, { description: "A delivery of GitHub's webhook. Only the server's own door may call it: clients post to /api/webhooks/github." })
  async receiveGithubEvent(@Ctx() context: RequestContext, @Arg('input', () => GithubEventInput) input: GithubEventInput): Promise<WebhookReceipt> {
    const headers = Object.fromEntries(input.headers.map(({ name, value }) => [name, value]));
    const receiver = await this.receiver(context.em, input.service ?? null);
    if (!signatureHolds(receiver.secret, input.body, headers[SIGNATURE])) throw unsigned();
    await this.allowance?.take(receiver.id);
    const { deliveryId, event } = named(headers);
    const said = readGithubEvent(event, input.body);
    const id = newId();

    return untilNoDeadlock(() => inTransaction(context, async (tx) => {
      const { [SIGNATURE]: _signature, ...kept } = headers;
      const { push } = said;
      const isNew = await insertDelivery(tx, {
        id, deliveryId, event, receiver: receiver.id, verdict: receiver.service ? WebhookVerdict.SERVICE_SECRET : WebhookVerdict.SERVER_SECRET,
        action: said.action, repository: said.repository, ref: push?.ref ?? null, commit: push?.commit ?? null,
        headers: kept, body: input.body, outcome: said.outcome, message: said.message, replayOf: null,
      });
      if (!isNew) return firstReceipt(tx, receiver.id, deliveryId);
      await forgetOldDeliveries(tx);
      const effects = await this.effects(tx, said, receiver, context);
      if (!push && effects.length === 0) return { deliveryId, outcome: said.outcome, deployments: [] };
      const outcome = await writeEffects(tx, id, effects, (push && whyNothing(push)) ?? 'No service follows this branch.');
      return { deliveryId, outcome: push ? outcome : said.outcome, deployments: effects.flatMap(({ deploymentId }) => deploymentId ?? []) };
    }));
  }

  /** A service whose own webhook it is hears of everything, so that its team sees why nothing happened. */
  private async effects(tx: EntityManager, { push }: ForgeEvent, { service }: Receiver, context: RequestContext): Promise<PushEffect[]> {
    if (!push) return [];
    const nothing = whyNothing(push);
    const effects = nothing ? [] : await applyPush(tx, push, { context, orchestrator: this.orchestrator, only: service });
    if (effects.length > 0 || !service) return effects;
    return [{ serviceId: service, deploymentId: null, message: nothing ?? `The service does not follow ${push.branch} of ${push.repository}.` }];
  }

  /** A service that is missing, or has no webhook, has no secret: nothing holds, and it looks as a wrong signature does. */
  private async receiver(em: EntityManager, service: string | null): Promise<Receiver> {
    if (service === null) return { id: SERVER_RECEIVER, service: null, secret: this.serverSecret ?? null };
    const [row] = isUuid(service)
      ? await em.execute<{ id: string; team_id: string; sealed: string | null }[]>('select id, team_id, sealed_webhook_secret as sealed from service where id = ? and deleted_at is null', [service])
      : [];
    return { id: row?.id ?? '', service: row?.id ?? null, secret: row?.sealed ? await this.vault.open(em, row.team_id, row.id, row.sealed) : null };
  }
}

/** GitHub does not deliver again by itself, so what the database refuses only for now is tried again here. */
async function untilNoDeadlock<T>(attempt: () => Promise<T>, tries = 3): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof DeadlockException) || tries <= 1) throw error;
    return untilNoDeadlock(attempt, tries - 1);
  }
}

const unsigned = (): ApexError =>
  new ApexError('UNAUTHENTICATED', 'The delivery is not signed with the secret of this webhook: set the same secret in the settings of the repository.');

function named(headers: Record<string, string | undefined>): { deliveryId: string; event: string } {
  const { 'x-github-delivery': deliveryId = '', 'x-github-event': event = '' } = headers;
  const faults: Fault[] = [];
  if (!DELIVERY_ID.test(deliveryId)) faults.push({ path: 'X-GitHub-Delivery', message: 'must be the id of a delivery' });
  if (!EVENT.test(event)) faults.push({ path: 'X-GitHub-Event', message: 'must be the name of an event' });
  if (faults.length > 0) throw badRequest('The delivery lacks a header that GitHub sends.', faults);
  return { deliveryId, event };
}

/** What was answered when the delivery first came. */
async function firstReceipt(tx: EntityManager, receiver: string, deliveryId: string): Promise<WebhookReceipt> {
  const rows = await tx.execute<{ outcome: WebhookOutcome; deployment_id: string | null }[]>(
    `select delivery.outcome, effect.deployment_id from webhook_delivery delivery left join webhook_effect effect on effect.delivery_id = delivery.id
     where delivery.receiver = ? and delivery.delivery_id = ? order by effect.service_id`,
    [receiver, deliveryId],
  );
  return { deliveryId, outcome: rows[0]!.outcome, deployments: rows.flatMap(({ deployment_id }) => deployment_id ?? []) };
}
