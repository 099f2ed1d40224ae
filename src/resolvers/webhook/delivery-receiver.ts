import { DeadlockException, type EntityManager } from '@mikro-orm/postgresql';
import { validate as isUuid } from 'uuid';
import { signatureHolds } from '../../auth/webhook-signature.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { serverReceiver, WebhookVerdict } from '../../entities/webhook-delivery.js';
import type { WebhookOutcome } from '../../entities/webhook-outcome.js';
import { ApexError, badRequest, type Fault } from '../../errors.js';
import { Courtesy } from '../../queue/courtesy.js';
import type { ForgeEventInput } from '../../schema/forge-event.input.js';
import type { WebhookReceipt } from '../../schema/webhook-receipt.payload.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { DeliveryLine } from './delivery-line.js';
import type { EventEffects } from './event-effects.js';
import type { Forge, ForgeEvent } from './forge.js';
import { forgetOldDeliveries, insertDeliveries, writeEffects, type NewDelivery } from './write-delivery.js';

/** How many deliveries that are signed with one secret are taken. Throws RATE_LIMITED. */
export interface DeliveryAllowance {
  take(receiver: string): Promise<void>;
}

const DELIVERY_ID = /^[\w-]{1,100}$/;
const EVENT = /^[a-z0-9_]{1,60}$/;
const GROUP_WAITS_MS = 250;

interface Receiver {
  /** Of the installation, or the service whose own secret it is. */
  id: string;
  service: string | null;
  secret: string | null;
}

/** One delivery whose signature held. */
interface Believed {
  context: RequestContext;
  said: ForgeEvent;
  /** The service that it speaks for alone. */
  only: string | null;
  row: NewDelivery;
  bytes: number;
}

/** Takes the deliveries of every forge: each one once, whole, and in one transaction with what it leads to. */
export class DeliveryReceiver {
  private readonly line = new DeliveryLine<Believed, WebhookReceipt>((group) => this.together(group), (delivery) => this.alone(delivery));

  constructor(
    private readonly vault: Vault,
    private readonly effects: EventEffects,
    private readonly allowance: DeliveryAllowance | undefined,
    private readonly courtesy = new Courtesy(),
  ) {}

  /** Throws UNAUTHENTICATED, RATE_LIMITED and BAD_REQUEST, in this order, before anything is written. */
  async receive(context: RequestContext, input: ForgeEventInput, forge: Forge, serverSecret: string | undefined): Promise<WebhookReceipt> {
    const headers = Object.fromEntries(input.headers.map(({ name, value }) => [name, value]));
    const receiver = await this.receiver(context.em, input.service ?? null, forge, serverSecret);
    if (!signatureHolds(receiver.secret, input.body, forge.signature(headers[forge.headers.signature]))) throw unsigned();
    await this.allowance?.take(receiver.id);
    const { deliveryId, event } = named(headers, forge);
    const said = forge.read(event, input.body);
    const { [forge.headers.signature]: _signature, ...kept } = headers;
    const row: NewDelivery = {
      id: newId(), deliveryId, event, receiver: receiver.id, verdict: receiver.service ? WebhookVerdict.SERVICE_SECRET : WebhookVerdict.SERVER_SECRET,
      action: said.action, repository: said.repository, ref: said.push?.ref ?? said.pullRequest?.branch ?? null, commit: said.push?.commit ?? said.pullRequest?.commit ?? null,
      headers: kept, body: input.body, outcome: said.outcome, message: said.message, replayOf: null,
    };
    const delivery: Believed = { context, said, only: receiver.service, row, bytes: input.body.length };
    // A pull request may make a whole environment: nobody else is to wait for that.
    return this.courtesy.answer(said.pullRequest ? this.alone(delivery) : this.line.take(delivery));
  }

  /** Does not wait for what others hold: what is about a service that is held is answered with undefined. */
  private together(group: readonly Believed[]): Promise<(WebhookReceipt | undefined)[]> {
    return inTransaction(group[0]!.context, async (tx) => {
      await tx.execute(`set local lock_timeout = ${GROUP_WAITS_MS}`);
      const waiting = await this.effects.waiting(tx, group.map(({ said: event, only }) => ({ event, only })));
      const free = group.filter((_, n) => !waiting.has(n));
      const receipts = new Map((await this.store(tx, free)).map((receipt, n) => [free[n], receipt]));
      return group.map((delivery) => receipts.get(delivery));
    });
  }

  private alone(delivery: Believed): Promise<WebhookReceipt> {
    return untilNoDeadlock(() => inTransaction(delivery.context, async (tx) => (await this.store(tx, [delivery]))[0]!));
  }

  /** Writes those that are new, and does what they ask for; one that was there before is answered as then. */
  private async store(tx: EntityManager, group: readonly Believed[]): Promise<WebhookReceipt[]> {
    if (group.length === 0) return [];
    const written = await insertDeliveries(tx, group.map(({ row }) => row));
    const fresh = group.filter(({ row }) => written.has(row.id));
    await forgetOldDeliveries(tx, fresh.length);
    const effects = await this.effects.of(tx, fresh.map(({ said: event, context, only }) => ({ event, context, only })));
    const done = new Map(fresh.map(({ row }, n) => [row.id, effects[n] ?? null]));
    await writeEffects(tx, [...done].flatMap(([deliveryId, one]) => (one ? [{ ...one, deliveryId }] : [])));
    const receipts: WebhookReceipt[] = [];
    for (const { row } of group) {
      const { id, deliveryId, receiver, outcome } = row;
      const own = done.get(id);
      if (own === undefined) receipts.push(await firstReceipt(tx, receiver, deliveryId));
      else receipts.push({ deliveryId, outcome: own?.outcome ?? outcome, deployments: own?.effects.flatMap(({ deploymentId }) => deploymentId ?? []) ?? [] });
    }
    return receipts;
  }

  /** A service that is missing, or has no webhook, has no secret: nothing holds, and it looks as a wrong signature does. */
  private async receiver(em: EntityManager, service: string | null, forge: Forge, serverSecret: string | undefined): Promise<Receiver> {
    if (service === null) return { id: serverReceiver(forge.path), service: null, secret: serverSecret ?? null };
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

function named(headers: Record<string, string | undefined>, forge: Forge): { deliveryId: string; event: string } {
  const { [forge.headers.delivery]: deliveryId = '', [forge.headers.event]: event = '' } = headers;
  const faults: Fault[] = [];
  if (!DELIVERY_ID.test(deliveryId)) faults.push({ path: spelled(forge.headers.delivery), message: 'must be the id of a delivery' });
  if (!EVENT.test(event)) faults.push({ path: spelled(forge.headers.event), message: 'must be the name of an event' });
  if (faults.length > 0) throw badRequest(`The delivery lacks a header that ${forge.name} sends.`, faults);
  return { deliveryId, event };
}

/** As the forge itself writes it. */
const spelled = (header: string): string => header.replaceAll(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase()).replace('Github', 'GitHub');

/** What was answered when the delivery first came. */
async function firstReceipt(tx: EntityManager, receiver: string, deliveryId: string): Promise<WebhookReceipt> {
  const rows = await tx.execute<{ outcome: WebhookOutcome; deployment_id: string | null }[]>(
    `select delivery.outcome, effect.deployment_id from webhook_delivery delivery left join webhook_effect effect on effect.delivery_id = delivery.id
     where delivery.receiver = ? and delivery.delivery_id = ? order by effect.service_id`,
    [receiver, deliveryId],
  );
  return { deliveryId, outcome: rows[0]!.outcome, deployments: rows.flatMap(({ deployment_id }) => deployment_id ?? []) };
}
