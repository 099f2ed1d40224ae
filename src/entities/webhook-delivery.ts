import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { newId, timestamp } from './columns.js';
import { WebhookEffect } from './webhook-effect.js';
import { WebhookOutcome } from './webhook-outcome.js';

export enum WebhookVerdict {
  SERVER_SECRET = 'SERVER_SECRET',
  SERVICE_SECRET = 'SERVICE_SECRET',
  REPLAYED = 'REPLAYED',
}
registerEnumType(WebhookVerdict, { name: 'WebhookVerdict', description: "Why a delivery was believed: signed with the installation's secret, with a service's own, or replayed from what was." });

/** Receiver of what is signed with the installation's secret for a forge; else it is the id of a service. */
export const serverReceiver = (forge: string): string => (forge === 'github' ? 'server' : `server/${forge}`);

/** One delivery that was believed, and its one outcome: written in the same transaction as what it led to. */
@ObjectType({ simpleResolvers: true, description: 'One delivery of a webhook that was believed, and its one outcome.' })
@Entity({ tableName: 'webhook_delivery' })
@Unique({ properties: ['receiver', 'deliveryId'] })
@Index({ properties: ['createdAt', 'id'] })
export class WebhookDelivery {
  @Field(() => ID)
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  /** Whose secret it was signed with. Delivery ids of different receivers have nothing to do with each other. */
  @Property({ type: 'text' })
  receiver!: string;

  @Field({ description: "The forge's id of the delivery. It stays the same when it delivers again." })
  @Property({ type: 'text' })
  deliveryId!: string;

  @Field(() => WebhookVerdict)
  @Enum({ items: () => WebhookVerdict })
  verdict!: WebhookVerdict;

  @Field()
  @Property({ type: 'text' })
  event!: string;

  @Field(() => String, { nullable: true })
  @Property({ type: 'text', nullable: true })
  action: string | null = null;

  @Field(() => String, { nullable: true })
  @Property({ type: 'text', nullable: true })
  repository: string | null = null;

  @Field(() => String, { nullable: true })
  @Property({ type: 'text', nullable: true })
  ref: string | null = null;

  @Field(() => String, { nullable: true })
  @Property({ type: 'text', nullable: true, fieldName: 'commit_sha' })
  commit: string | null = null;

  /** As they came, but for the signature: with it anybody could send the same again. */
  @Property({ type: 'json' })
  headers!: Record<string, string>;

  /** The bytes as they came. Never shown: who names a repository has not shown that it is his. */
  @Property({ type: 'blob', lazy: true })
  body!: Buffer;

  @Field(() => WebhookOutcome)
  @Enum({ items: () => WebhookOutcome })
  outcome: WebhookOutcome = WebhookOutcome.IGNORED;

  @Field(() => String, { nullable: true, description: 'Why nothing was deployed, where that is not about single services.' })
  @Property({ type: 'text', nullable: true })
  message: string | null = null;

  @Field(() => ID, { nullable: true, description: 'The delivery that this one replays.' })
  @ManyToOne({ entity: () => WebhookDelivery, mapToPk: true, fieldName: 'replay_of', nullable: true, deleteRule: 'set null', index: true })
  replayOf: string | null = null;

  @Field(() => Date)
  @Property({ ...timestamp })
  createdAt: Date = new Date();

  /** Not a column: those of the reader's own services. */
  @Field(() => [WebhookEffect], { description: 'What it did to each of your services.' })
  effects?: WebhookEffect[];
}
