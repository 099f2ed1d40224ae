import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { timestamp } from './columns.js';

/** One row: who we are in a cluster that several installations may share. Made at first boot, never in a template. */
@Entity({ tableName: 'installation' })
export class Installation {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  /** Holds the table to one row. */
  @Property({ type: 'boolean', unique: true })
  only: boolean = true;

  /** Sealed with the master key, so that a wrong key refuses to boot instead of spoiling rows. */
  @Property({ type: 'text' })
  keyCheck!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
