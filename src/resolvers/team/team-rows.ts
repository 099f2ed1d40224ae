import type { EntityManager } from '@mikro-orm/postgresql';
import { membershipsOf, withinTeamsOf } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import type { Role } from '../../entities/roles.js';
import type { Team } from '../../entities/team.js';
import { MembershipStatus, type MembershipPayload } from '../../schema/membership.payload.js';

export type TeamRow = Pick<Team, 'id' | 'name' | 'personal' | 'createdAt' | 'role'>;

interface RawTeam {
  id: string;
  name: string;
  personal: boolean;
  created_at: string;
  role: Role;
}

/** The actor's teams, or the one of them with that id, oldest first. */
export async function readTeams(em: EntityManager, actor: Actor, id?: string): Promise<TeamRow[]> {
  const members = membershipsOf(actor);
  const within = withinTeamsOf(actor, 'team.id');
  const rows = await em.execute<RawTeam[]>(
    `select team.id, team.name, team.personal, team.created_at, member.role
     from team join ${members.sql} member on member.team_id = team.id
     where team.deleted_at is null and ${within.sql}${id ? ' and team.id = ?' : ''} order by team.created_at, team.id`,
    [...members.params, ...within.params, ...(id ? [id] : [])],
  );
  return rows.map(({ created_at, ...team }) => ({ ...team, createdAt: new Date(created_at) }));
}

interface RawMember {
  id: string;
  team_id: string;
  account_id: string | null;
  name: string | null;
  email: string | null;
  role: Role;
  status: MembershipStatus;
  expires_at: string | null;
  created_at: string;
}

const MEMBERS = `
  select membership.id, membership.team_id, membership.account_id, account.name, account.email, membership.role, 'ACTIVE' as status, null::timestamptz as expires_at, membership.created_at
  from membership join account on account.id = membership.account_id where membership.team_id = ?`;

const INVITED = `
  select id, team_id, null::uuid, null, email, role, 'PENDING', expires_at, created_at
  from invitation where team_id = ? and accepted_at is null and revoked_at is null and expires_at > now()`;

/** The members of a team, and, for those who may see them, the invited; never a link. */
export async function readMembers(em: EntityManager, teamId: string, withInvited: boolean): Promise<MembershipPayload[]> {
  const sql = withInvited ? `${MEMBERS} union all ${INVITED}` : MEMBERS;
  const rows = await em.execute<RawMember[]>(`select * from (${sql}) everyone order by created_at, id`, withInvited ? [teamId, teamId] : [teamId]);
  return rows.map((row) => ({
    id: row.id,
    teamId: row.team_id,
    accountId: row.account_id,
    name: row.name,
    email: row.email,
    role: row.role,
    status: row.status,
    inviteUrl: null,
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    createdAt: new Date(row.created_at),
  }));
}
