import type { Rel } from '@mikro-orm/core';
import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType } from 'type-graphql';
import { newId } from './columns.js';
import { Deployment } from './deployment.js';
import { Service } from './service.js';
import { WebhookDelivery } from './webhook-delivery.js';

/** What a delivery did to one service that follows its repository: a deployment, or why not. */
@ObjectType({ simpleResolvers: true, description: 'What a delivery did to one service: a deployment, or why not.' })
@Entity({ tableName: 'webhook_effect' })
export class WebhookEffect {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => WebhookDelivery, mapToPk: true, fieldName: 'delivery_id', deleteRule: 'cascade', index: true })
  deliveryId!: string;

  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id', deleteRule: 'cascade', index: true })
  serviceId!: string;

  @ManyToOne({ entity: () => Deployment, mapToPk: true, fieldName: 'deployment_id', nullable: true, deleteRule: 'set null', index: true })
  deploymentId: string | null = null;

  @Field(() => String, { nullable: true, description: 'Why it was not deployed.' })
  @Property({ type: 'text', nullable: true })
  message: string | null = null;

  /** Not columns: filled by the query that reads the row. */
  @Field(() => Service)
  service?: Rel<Service>;

  @Field(() => Deployment, { nullable: true })
  deployment?: Rel<Deployment> | null;
}
