import { Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { Service } from './service.js';

/** A variable that a service has in its previews in place of its own. */
@Entity({ tableName: 'preview_variable' })
@Unique({ properties: ['serviceId', 'key'] })
export class PreviewVariable {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id', deleteRule: 'cascade' })
  serviceId!: string;

  @Property({ type: 'text' })
  key!: string;

  /** Sealed by the vault for the team and this row. */
  @Property({ type: 'text' })
  sealedValue!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
