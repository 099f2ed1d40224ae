import { Entity, Enum, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { Environment } from './environment.js';
import { Membership } from './membership.js';
import { Role } from './roles.js';

/** Narrows a membership in one environment: there the lower of the two roles holds. */
@Entity({ tableName: 'environment_role' })
@Unique({ properties: ['membershipId', 'environmentId'] })
export class EnvironmentRole {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Membership, mapToPk: true, fieldName: 'membership_id', deleteRule: 'cascade' })
  membershipId!: string;

  @ManyToOne({ entity: () => Environment, mapToPk: true, fieldName: 'environment_id', deleteRule: 'cascade' })
  environmentId!: string;

  @Enum({ items: () => Role })
  role!: Role;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
