import { Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { EnvGroup } from './env-group.js';
import { Service } from './service.js';

/** A group that a service has attached. A later one wins over an earlier one, and the service's own variables over both. */
@Entity({ tableName: 'service_env_group' })
@Unique({ properties: ['serviceId', 'groupId'] })
export class ServiceEnvGroup {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id', deleteRule: 'cascade' })
  serviceId!: string;

  @ManyToOne({ entity: () => EnvGroup, mapToPk: true, fieldName: 'group_id', index: true })
  groupId!: string;

  @Property({ type: 'integer' })
  position!: number;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
