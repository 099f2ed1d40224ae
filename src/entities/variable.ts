import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { ManagedDatabase } from './managed-database.js';
import { Service } from './service.js';

export enum VariableKind {
  PLAIN = 'PLAIN',
  SECRET = 'SECRET',
  REFERENCE = 'REFERENCE',
}

export enum VariableScope {
  RUN = 'RUN',
  BUILD = 'BUILD',
}

/** One revision of one variable of a service. Rows never change but for `replacedAt`, so a release can pin them by id. */
@Entity({ tableName: 'variable' })
@Unique({ properties: ['serviceId', 'scope', 'key', 'revision'] })
@Index({ name: 'variable_current_unique', expression: 'create unique index variable_current_unique on variable (service_id, scope, key) where replaced_at is null' })
export class Variable {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Service, mapToPk: true, fieldName: 'service_id' })
  serviceId!: string;

  @Property({ type: 'text' })
  key!: string;

  @Enum({ items: () => VariableKind })
  kind: VariableKind = VariableKind.SECRET;

  @Enum({ items: () => VariableScope })
  scope: VariableScope = VariableScope.RUN;

  @Property({ type: 'integer' })
  revision!: number;

  /** Sealed by the vault for the team and this row. */
  @Property({ type: 'text' })
  sealedValue!: string;

  /** What a REFERENCE refers to: its address takes the place of a value. */
  @ManyToOne({ entity: () => ManagedDatabase, mapToPk: true, fieldName: 'database_id', nullable: true, index: true, deleteRule: 'set null' })
  databaseId: string | null = null;

  @Property({ ...timestamp })
  createdAt: Date = new Date();

  /** When a newer revision, or its removal, took its place. */
  @Property({ ...timestamp, nullable: true })
  replacedAt: Date | null = null;
}
