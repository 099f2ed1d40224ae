import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { Service } from './service.js';

/** A name that leads to a service, unique in the installation. Kept while the service lives, public or not. */
@Entity({ tableName: 'host' })
export class Host {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  /** The whole name, e.g. `my-service.apex.localhost`. */
  @Property({ type: 'text', unique: true })
  name!: string;

  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id', index: true })
  serviceId!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
