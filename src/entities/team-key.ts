import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { Team } from './team.js';

/** A team's data key, sealed with the installation's key. */
@Entity({ tableName: 'team_key' })
export class TeamKey {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id', index: true })
  teamId!: string;

  /** Which installation key sealed it. */
  @Property({ type: 'text' })
  masterKeyId!: string;

  @Property({ type: 'text' })
  sealedKey!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();

  /** Since when it opens what it sealed and seals no more. */
  @Property({ ...timestamp, nullable: true })
  retiredAt: Date | null = null;
}
