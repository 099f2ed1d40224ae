import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { EnvGroup } from './env-group.js';

/**
 * One variable of a group, as of one of the group's revisions. Rows never change but for `replacedAt`, so a deployment pins
 * them by id beside those of its service.
 */
@Entity({ tableName: 'env_group_variable' })
@Index({ name: 'env_group_variable_current_unique', expression: 'create unique index env_group_variable_current_unique on env_group_variable (group_id, key) where replaced_at is null' })
export class EnvGroupVariable {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => EnvGroup, mapToPk: true, fieldName: 'group_id' })
  groupId!: string;

  @Property({ type: 'text' })
  key!: string;

  /** The group's revision that brought it. */
  @Property({ type: 'integer' })
  revision!: number;

  /** Sealed by the vault for the team and this row. */
  @Property({ type: 'text' })
  sealedValue!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Property({ ...timestamp, nullable: true })
  replacedAt: Date | null = null;
}
