import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { timestamp } from './columns.js';

/**
 * An image that a build has put into the node's registry, until it is taken out again. It outlives its service: whoever is
 * last to run it may be another one.
 */
@Entity({ tableName: 'stored_image' })
export class StoredImage {
  /** In whose repository it is. */
  @Property({ type: 'uuid', primary: true })
  serviceId!: string;

  @Property({ type: 'text', primary: true })
  digest!: string;

  @Property({ type: 'uuid' })
  teamId!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
