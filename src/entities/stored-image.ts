import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { timestamp } from './columns.js';

/**
 * An image that a build has put into a registry of the operator's, until it is taken out again. It outlives its service:
 * whoever is last to run it may be another one.
 */
@Entity({ tableName: 'stored_image' })
export class StoredImage {
  /** What it is called, without its digest: its registry and its repository. */
  @Property({ type: 'text', primary: true })
  image!: string;

  @Property({ type: 'text', primary: true })
  digest!: string;

  /** In whose repository it is. */
  @Property({ type: 'uuid' })
  serviceId!: string;

  @Property({ type: 'uuid' })
  teamId!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
