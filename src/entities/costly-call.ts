import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { timestamp } from './columns.js';

/** When an identity called a costly field of the schema of late. Read and written by one atomic statement only. */
@Entity({ tableName: 'costly_call' })
export class CostlyCall {
  /** The field's coordinate and who calls. */
  @PrimaryKey({ type: 'text' })
  key!: string;

  /** Milliseconds since 1970, newest first. */
  @Property({ columnType: 'bigint[]', type: 'array' })
  stamps!: string[];

  @Property({ ...timestamp, index: true })
  expiresAt!: Date;
}
