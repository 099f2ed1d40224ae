import type { EntityManager } from '@mikro-orm/postgresql';
import { validate as isUuid } from 'uuid';
import type { Actor } from '../context.js';
import { lowerRole, Role, roleAtLeast } from '../entities/roles.js';
import { ApexError, forbidden, notFound, unauthenticated } from '../errors.js';
import { PERMISSIONS } from './permissions.js';

/** A piece of a WHERE clause and its parameters. */
export interface Condition {
  sql: string;
  params: unknown[];
}

/** The teams that the actor may act in, as a table of `id` (of the membership), `team_id` and `role`. */
export function membershipsOf(actor: Actor): Condition {
  if (actor.kind === 'account') return { sql: '(select membership.id, membership.team_id, membership.role from membership where membership.account_id = ?)', params: [actor.accountId] };
  if (actor.kind === 'machine') return { sql: '(select null::uuid as id, token.team_id, token.role from token where token.id = ?)', params: [actor.tokenId] };
  throw unauthenticated();
}

/**
 * Holds rows to the actor's teams and, where its token is held to one service, to the rows of that one. The columns are
 * literals of ours, never input; rows without a `serviceColumn` are not for a token that is held to a service.
 */
export function withinTeamsOf(actor: Actor, teamColumn: string, serviceColumn?: string): Condition {
  if (actor.kind === 'system') return { sql: 'true', params: [] };
  if (actor.kind === 'anonymous') throw unauthenticated();
  const conditions = [ofTeams(actor, teamColumn)];
  if (actor.teamId && actor.kind === 'account') conditions.push({ sql: `${teamColumn} = ?`, params: [actor.teamId] });
  if (actor.serviceId) conditions.push(serviceColumn ? { sql: `${serviceColumn} = ?`, params: [actor.serviceId] } : { sql: 'false', params: [] });
  return { sql: conditions.map(({ sql }) => sql).join(' and '), params: conditions.flatMap(({ params }) => params) };
}

function ofTeams(actor: Actor, teamColumn: string): Condition {
  if (actor.kind === 'machine') return { sql: `${teamColumn} = ?`, params: [actor.teamId] };
  const { sql, params } = membershipsOf(actor);
  return { sql: `${teamColumn} in (select member.team_id from ${sql} member)`, params };
}

/** Throws NOT_FOUND for a malformed id, as for one that does not exist. */
export function requireId(id: string): string {
  if (!isUuid(id)) throw notFound();
  return id;
}

const NO_SERVICE = 'null::uuid as service_id';
const NOWHERE = `null::uuid as environment_id, ${NO_SERVICE}`;

/** What the role is taken from: rows that belong to a team, in one of its environments or in none. */
const OWNED = {
  database: `select managed_database.team_id, managed_database.environment_id, ${NO_SERVICE} from managed_database where managed_database.id = ?`,
  service: 'select service.team_id, service.environment_id, service.id as service_id from service where service.id = ? and service.deleted_at is null',
  environment: `select environment.team_id, environment.id as environment_id, ${NO_SERVICE} from environment where environment.id = ? and environment.deleted_at is null`,
  deployment: `select service.team_id, service.environment_id, service.id as service_id
    from deployment join service on service.id = deployment.service_id where deployment.id = ? and service.deleted_at is null`,
  envGroup: `select env_group.team_id, env_group.environment_id, ${NO_SERVICE} from env_group where env_group.id = ? and env_group.deleted_at is null`,
  logDrain: `select log_drain.team_id, ${NOWHERE} from log_drain where log_drain.id = ?`,
  registryCredential: `select registry_credential.team_id, ${NOWHERE} from registry_credential where registry_credential.id = ?`,
  preview: `select preview.team_id, ${NOWHERE} from preview where preview.id = ?`,
  team: `select team.id as team_id, ${NOWHERE} from team where team.id = ? and team.deleted_at is null`,
} as const;

export type Noun = keyof typeof OWNED;

interface Standing {
  team_id: string;
  service_id: string | null;
  role: Role;
  protected: boolean | null;
  narrowed: Role | null;
}

/**
 * The team that owns the row, where the actor is a member with the role that `coordinate` asks for. Throws NOT_FOUND
 * where there is no such row in the actor's teams, FORBIDDEN where the role is too low.
 */
export async function requireAccess(em: EntityManager, actor: Actor, coordinate: string, noun: Noun, id: string): Promise<string> {
  requireId(id);
  if (actor.kind === 'system') {
    const [row] = await em.execute<{ team_id: string }[]>(OWNED[noun], [id]);
    if (!row) throw notFound();
    return row.team_id;
  }
  const members = membershipsOf(actor);
  const [row] = await em.execute<Standing[]>(
    `select owned.team_id, owned.service_id, member.role, environment.protected, environment_role.role as narrowed
     from (${OWNED[noun]}) owned join ${members.sql} member on member.team_id = owned.team_id
       left join environment on environment.id = owned.environment_id
       left join environment_role on environment_role.environment_id = owned.environment_id and environment_role.membership_id = member.id`,
    [id, ...members.params],
  );
  const isElsewhere = actor.kind === 'anonymous' || (actor.teamId && actor.teamId !== row?.team_id) || (actor.serviceId && actor.serviceId !== row?.service_id);
  if (!row || isElsewhere) throw notFound();
  requireRole(coordinate, row);
  return row.team_id;
}

/** Throws NOT_FOUND unless the actor is a member of the team, in whatever role; answers the role. */
export async function requireMember(em: EntityManager, actor: Actor, teamId: string): Promise<Role> {
  const members = membershipsOf(actor);
  const within = withinTeamsOf(actor, 'team.id');
  const [row] = await em.execute<{ role: Role }[]>(
    `select member.role from team join ${members.sql} member on member.team_id = team.id where team.id = ? and team.deleted_at is null and ${within.sql}`,
    [...members.params, requireId(teamId), ...within.params],
  );
  if (!row) throw notFound();
  return row.role;
}

/** The team that something new is made in: the one asked for, else the one the token is held to, else the personal one. */
export async function requireTeam(em: EntityManager, actor: Actor, coordinate: string, teamId: string | null | undefined): Promise<string> {
  if (actor.kind !== 'account' && actor.kind !== 'machine') throw unauthenticated();
  const wanted = teamId ?? actor.teamId ?? (await personalTeam(em, (actor as { accountId: string }).accountId));
  return requireAccess(em, actor, coordinate, 'team', wanted);
}

/** The account that asks. A machine has none. Throws UNAUTHENTICATED and FORBIDDEN. */
export function requireAccount(actor: Actor): Extract<Actor, { kind: 'account' }> {
  if (actor.kind === 'machine') throw forbidden('This token acts for a team, not for an account.');
  if (actor.kind !== 'account') throw unauthenticated();
  return actor;
}

async function personalTeam(em: EntityManager, accountId: string): Promise<string> {
  const [row] = await em.execute<{ id: string }[]>(
    'select team.id from team join membership on membership.team_id = team.id where membership.account_id = ? and team.personal and team.deleted_at is null',
    [accountId],
  );
  if (!row) throw notFound();
  return row.id;
}

/** A role may be narrowed in an environment; a protected one asks for ADMIN where others ask for DEVELOPER. */
function requireRole(coordinate: string, { team_id, role, narrowed, protected: isProtected }: Standing): void {
  const wanted = PERMISSIONS[coordinate]?.role;
  if (!wanted) throw new Error(`${coordinate} asks for no role in a team, but looks for one`);
  const least = isProtected && wanted === Role.DEVELOPER ? Role.ADMIN : wanted;
  const held = narrowed ? lowerRole(role, narrowed) : role;
  if (roleAtLeast(held, least)) return;
  const where = narrowed || least !== wanted ? 'in this environment' : 'in this team';
  throw new RoleTooLow(`Your role ${where} is ${held}; this needs ${least}.`, team_id);
}

/** A refusal for want of a role: it is told in the team's log. */
export class RoleTooLow extends ApexError {
  constructor(
    message: string,
    readonly teamId: string,
  ) {
    super('FORBIDDEN', message);
  }
}
