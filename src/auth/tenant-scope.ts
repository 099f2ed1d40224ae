import type { EntityManager } from '@mikro-orm/postgresql';
import { validate as isUuid } from 'uuid';
import type { Actor } from '../context.js';
import { Role, roleAtLeast } from '../entities/roles.js';
import { forbidden, notFound, unauthenticated } from '../errors.js';
import { PERMISSIONS } from './permissions.js';

/** A piece of a WHERE clause and its parameters. */
export interface Condition {
  sql: string;
  params: unknown[];
}

/** Holds rows to the actor's teams. `teamColumn` is a literal of ours, never input. */
export function withinTeamsOf(actor: Actor, teamColumn: string): Condition {
  if (actor.kind === 'system') return { sql: 'true', params: [] };
  if (actor.kind === 'anonymous') throw unauthenticated();
  const own = `${teamColumn} in (select membership.team_id from membership where membership.account_id = ?)`;
  return actor.teamId ? { sql: `${own} and ${teamColumn} = ?`, params: [actor.accountId, actor.teamId] } : { sql: own, params: [actor.accountId] };
}

/** Throws NOT_FOUND for a malformed id, as for one that does not exist. */
export function requireId(id: string): string {
  if (!isUuid(id)) throw notFound();
  return id;
}

/** What the role is taken from: rows that belong to a team. */
const OWNED = {
  service: 'select service.team_id from service where service.id = ? and service.deleted_at is null',
  environment: 'select environment.team_id from environment where environment.id = ? and environment.deleted_at is null',
  deployment:
    'select service.team_id from deployment join service on service.id = deployment.service_id where deployment.id = ? and service.deleted_at is null',
  team: 'select team.id as team_id from team where team.id = ? and team.deleted_at is null',
} as const;

/**
 * The team that owns the row, where the actor is a member with the role that `coordinate` asks for. Throws NOT_FOUND
 * where there is no such row in the actor's teams, FORBIDDEN where the role is too low.
 */
export async function requireAccess(em: EntityManager, actor: Actor, coordinate: string, noun: keyof typeof OWNED, id: string): Promise<string> {
  requireId(id);
  if (actor.kind === 'anonymous') throw unauthenticated();
  if (actor.kind === 'system') {
    const [row] = await em.execute<{ team_id: string }[]>(OWNED[noun], [id]);
    if (!row) throw notFound();
    return row.team_id;
  }
  const [row] = await em.execute<{ team_id: string; role: Role }[]>(
    `select owned.team_id, membership.role from (${OWNED[noun]}) owned join membership on membership.team_id = owned.team_id and membership.account_id = ?`,
    [id, actor.accountId],
  );
  if (!row || (actor.teamId && actor.teamId !== row.team_id)) throw notFound();
  requireRole(coordinate, row.role);
  return row.team_id;
}

/** Throws NOT_FOUND unless the actor is a member of the team, in whatever role. */
export async function requireMember(em: EntityManager, actor: Actor, teamId: string): Promise<void> {
  const within = withinTeamsOf(actor, 'team.id');
  const rows = await em.execute<unknown[]>(`select 1 from team where team.id = ? and team.deleted_at is null and ${within.sql}`, [requireId(teamId), ...within.params]);
  if (rows.length === 0) throw notFound();
}

/** The team that something new is made in: the one asked for, else the one the token is held to, else the personal one. */
export async function requireTeam(em: EntityManager, actor: Actor, coordinate: string, teamId: string | null | undefined): Promise<string> {
  if (actor.kind !== 'account') throw unauthenticated();
  const wanted = teamId ?? actor.teamId ?? (await personalTeam(em, actor.accountId));
  return requireAccess(em, actor, coordinate, 'team', wanted);
}

async function personalTeam(em: EntityManager, accountId: string): Promise<string> {
  const [row] = await em.execute<{ id: string }[]>(
    'select team.id from team join membership on membership.team_id = team.id where membership.account_id = ? and team.personal and team.deleted_at is null',
    [accountId],
  );
  if (!row) throw notFound();
  return row.id;
}

function requireRole(coordinate: string, role: Role): void {
  const least = PERMISSIONS[coordinate]?.role;
  if (!least) throw new Error(`${coordinate} asks for no role in a team, but looks for one`);
  if (!roleAtLeast(role, least)) throw forbidden(`Your role in this team is ${role}; this needs ${least}.`);
}
