import { Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Build } from './build.js';
import { newId, timestamp } from './columns.js';

/** Some lines of a build's log, sealed: a log may hold anything. Lines of a build are numbered from 1 without a gap. */
@Entity({ tableName: 'build_log' })
@Unique({ properties: ['buildId', 'firstLine'] })
export class BuildLog {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Build, mapToPk: true, fieldName: 'build_id', deleteRule: 'cascade' })
  buildId!: string;

  @Property({ type: 'integer' })
  firstLine!: number;

  @Property({ type: 'integer' })
  lines!: number;

  /** JSON of `BuildLine[]`. */
  @Property({ type: 'text' })
  sealedText!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}

/** One line as it is sealed. */
export interface BuildLine {
  /** Milliseconds since 1970. */
  at: number;
  /** The step of the Dockerfile that said it. */
  step: string | null;
  message: string;
}
