import { Entity, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';

/** Some lines of one source that are kept in a sealed file: when and what they are, so that a search opens only the files that it must. */
@Entity({ tableName: 'log_segment' })
@Unique({ properties: ['source', 'firstLine'] })
@Index({ properties: ['teamId', 'endsAt'] })
export class LogSegment {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @Property({ type: 'uuid' })
  teamId!: string;

  /** `service/<id>` or `database/<id>`. */
  @Property({ type: 'text' })
  source!: string;

  /** Lines of a source are numbered from 0 on, without a gap. */
  @Property({ type: 'bigint' })
  firstLine!: number;

  @Property({ type: 'integer' })
  lines!: number;

  /** Of the text of the lines. */
  @Property({ type: 'integer' })
  bytes!: number;

  @Property({ type: 'integer' })
  storedBytes!: number;

  @Property({ ...timestamp })
  beginsAt!: Date;

  @Property({ ...timestamp })
  endsAt!: Date;

  /** Bit 0: lines without a level; bit n: lines of the nth level. */
  @Property({ type: 'integer' })
  levels!: number;

  @Property({ columnType: 'text[]', type: 'array' })
  replicas!: string[];

  /** The key of the file, sealed with the team's. */
  @Property({ type: 'text' })
  sealedKey!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
