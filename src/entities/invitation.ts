import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, timestamp } from './columns.js';
import { Role } from './roles.js';
import { Team } from './team.js';

/** A membership that waits for its person: bound to an e-mail address, used once, and over at its end. Only the hash of its link's token is kept. */
@Entity({ tableName: 'invitation' })
@Index({ name: 'invitation_open_unique', expression: 'create unique index invitation_open_unique on invitation (team_id, email) where accepted_at is null and revoked_at is null' })
export class Invitation {
  @PrimaryKey({ type: 'uuid' })
  id: string = newId();

  @ManyToOne({ entity: () => Team, mapToPk: true, fieldName: 'team_id' })
  teamId!: string;

  /** In small letters. */
  @Property({ type: 'text' })
  email!: string;

  @Enum({ items: () => Role })
  role!: Role;

  @Property({ type: 'text', unique: true })
  hash!: string;

  @Property({ type: 'uuid', nullable: true })
  invitedBy: string | null = null;

  @Property({ ...timestamp })
  createdAt: Date = new Date();

  @Property({ ...timestamp })
  expiresAt!: Date;

  @Property({ ...timestamp, nullable: true })
  acceptedAt: Date | null = null;

  @Property({ ...timestamp, nullable: true })
  revokedAt: Date | null = null;
}
