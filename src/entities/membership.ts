import { Entity, Enum, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Account } from './account.js';
import { newId, timestamp } from './columns.js';
import { Role } from './roles.js';
import { Team } from './team.js';

/** An account in a team, with a role. */
@Entity({ tableName: 'membership' })
@Unique({ properties: ['teamId', 'accountId'] })
export class Membership {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @ManyToOne({ entity: () => Account, mapToPk: true, fieldName: 'account_id', index: true })
  accountId!: string;

  @Enum({ items: () => Role })
  role!: Role;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
