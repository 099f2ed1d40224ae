import { Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { Team } from './team.js';

/** A team's way into a private image registry. */
@Entity({ tableName: 'registry_credential' })
@Unique({ properties: ['teamId', 'registry'] })
export class RegistryCredential {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  @Property({ type: 'text' })
  registry!: string;

  @Property({ type: 'text' })
  username!: string;

  @Property({ type: 'text' })
  sealedPassword!: string;

  @Property({ ...timestamp })
  createdAt: Date = new Date();
}
