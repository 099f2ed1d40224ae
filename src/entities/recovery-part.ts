import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BackupPlace } from './backup-place.js';
import { newId, timestamp } from './columns.js';
import { ManagedDatabase } from './managed-database.js';
import { RecoveryPartKind } from './recovery-part-kind.js';
import { Team } from './team.js';

/** A base or a segment of a database's log, as a sealed object in the store of backups. */
@Entity({ tableName: 'recovery_part' })
@Index({ properties: ['databaseId', 'chain', 'kind', 'segment'] })
export class RecoveryPart {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @ManyToOne({ entity: () => ManagedDatabase, mapToPk: true, fieldName: 'database_id', deleteRule: 'cascade' })
  databaseId!: string;

  /** Segments of one chain follow on each other without a gap. */
  @Property({ type: 'integer' })
  chain!: number;

  @Enum({ items: () => RecoveryPartKind })
  kind!: RecoveryPartKind;

  /** Its number; of a base, the number of the first segment that it needs. */
  @Property({ type: 'double' })
  segment!: number;

  /** As the engine calls it. */
  @Property({ type: 'text' })
  name!: string;

  /** With it, and what is before it in its chain, all is there that was committed until then; null where another segment completes that. */
  @Property({ ...timestamp, nullable: true })
  reachedAt: Date | null = null;

  /** Bytes of what is stored. */
  @Property({ type: 'double' })
  size!: number;

  /** Bytes of what the engine gave. */
  @Property({ type: 'double' })
  contentSize!: number;

  @Enum({ items: () => BackupPlace })
  place!: BackupPlace;

  /** The key of the object, sealed with the team's. */
  @Property({ type: 'text' })
  sealedKey!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
