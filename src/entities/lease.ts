import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { timestamp } from './columns.js';

/** Who works on a key now. `fence` grows with each holder; a write whose fence is not the newest is refused. */
@Entity({ tableName: 'lease' })
export class Lease {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'uuid' })
  holder!: string;

  @Property({ type: 'integer' })
  fence!: number;

  @Property({ ...timestamp })
  expiresAt!: Date;
}
