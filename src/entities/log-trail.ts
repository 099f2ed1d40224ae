import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** How far the history of one source is. Written with each segment, in its transaction. */
@Entity({ tableName: 'log_trail' })
export class LogTrail {
  @PrimaryKey({ type: 'text' })
  source!: string;

  @Index()
  @Property({ type: 'uuid' })
  teamId!: string;

  /** The number that the next line gets. */
  @Property({ type: 'bigint' })
  nextLine!: number;

  /** Where the source's log goes on behind what is kept. */
  @Property({ type: 'text', nullable: true })
  cursor!: string | null;

  /** Lines that came faster than they could be kept. */
  @Property({ type: 'bigint' })
  lostLines!: number;

  /** How often lines are missing of which nobody knows the number. */
  @Property({ type: 'integer' })
  gaps!: number;

  /** Lines that were let go to stay within the team's size and age. */
  @Property({ type: 'bigint' })
  droppedLines!: number;
}
