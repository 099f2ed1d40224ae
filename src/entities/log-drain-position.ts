import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** How far a drain is in the history of one source. */
@Entity({ tableName: 'log_drain_position' })
export class LogDrainPosition {
  /** The id of the drain, or `loki`. */
  @PrimaryKey({ type: 'text' })
  drain!: string;

  @PrimaryKey({ type: 'text' })
  source!: string;

  /** The number of the first line that was neither sent nor dropped. */
  @Property({ type: 'bigint' })
  nextLine!: number;
}
