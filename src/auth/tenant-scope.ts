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
  database: `select managed_database.id, managed_database.team_id, managed_database.environment_id, ${NO_SERVICE} from managed_database where true`,
  backup: `select backup.id, backup.team_id, managed_database.environment_id, ${NO_SERVICE} from backup join managed_database on managed_database.id = backup.database_id where backup.deleted_at is null`,
  service: 'select service.id, service.team_id, service.environment_id, service.id as service_id from service where service.deleted_at is null',
  environment: `select environment.id, environment.team_id, environment.id as environment_id, ${NO_SERVICE} from environment where environment.deleted_at is null`,
  deployment: `select deployment.id, service.team_id, service.environment_id, service.id as service_id
    from deployment join service on service.id = deployment.service_id where service.deleted_at is null`,
  envGroup: `select env_group.id, env_group.team_id, env_group.environment_id, ${NO_SERVICE} from env_group where env_group.deleted_at is null`,
  logDrain: `select log_drain.id, log_drain.team_id, ${NOWHERE} from log_drain where true`,
  registryCredential: `select registry_credential.id, registry_credential.team_id, ${NOWHERE} from registry_credential where true`,
  preview: `select preview.id, preview.team_id, ${NOWHERE} from preview where true`,
  team: `select team.id, team.id as team_id, ${NOWHERE} from team where team.deleted_at is null`,
} as const;

/** The column that is `id` above. */
const ID: Readonly<Record<Noun, string>> = {
  database: 'managed_database.id', backup: 'backup.id', service: 'service.id', environment: 'environment.id', deployment: 'deployment.id', envGroup: 'env_group.id',
  logDrain: 'log_drain.id', registryCredential: 'registry_credential.id', preview: 'preview.id', team: 'team.id',
};

export type Noun = keyof typeof OWNED;

interface Standing {
  id: string;
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
  if (actor.kind === 'system') {
    const [row] = await em.execute<{ team_id: string }[]>(`${OWNED[noun]} and ${ID[noun]} = ?`, [requireId(id)]);
    if (!row) throw notFound();
    return row.team_id;
  }
  const [standing] = await standingsOf(em, actor, noun, [requireId(id)]);
  if (!standing) throw notFound();
  requireRole(coordinate, standing);
  return standing.team_id;
}

/** Which of the questions "may the actor do this to that row?" are answered with yes: one statement for all of them. */
export async function accessible<T extends { coordinate: string; id: string }>(em: EntityManager, actor: Actor, noun: Noun, questions: readonly T[]): Promise<Set<T>> {
  const standings = new Map((await standingsOf(em, actor, noun, [...new Set(questions.map(({ id }) => id))])).map((standing) => [standing.id, standing]));
  return new Set(questions.filter(({ id, coordinate }) => {
    const standing = standings.get(id);
    return standing && isEnough(standing, leastRole(coordinate, standing));
  }));
}

/** What the actor is to each of the rows; those of which he is not to know are left out. */
async function standingsOf(em: EntityManager, actor: Actor, noun: Noun, ids: readonly string[]): Promise<Standing[]> {
  const members = membershipsOf(actor);
  const rows = await em.execute<Standing[]>(
    `select owned.id, owned.team_id, owned.service_id, member.role, environment.protected, environment_role.role as narrowed
     from (${OWNED[noun]} and ${ID[noun]} in (${ids.map(() => '?').join(', ')})) owned join ${members.sql} member on member.team_id = owned.team_id
       left join environment on environment.id = owned.environment_id
       left join environment_role on environment_role.environment_id = owned.environment_id and environment_role.membership_id = member.id`,
    [...ids, ...members.params],
  );
  if (actor.kind !== 'account' && actor.kind !== 'machine') return [];
  return rows.filter(({ team_id, service_id }) => !(actor.teamId && actor.teamId !== team_id) && !(actor.serviceId && actor.serviceId !== service_id));
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

function requireRole(coordinate: string, standing: Standing): void {
  const least = leastRole(coordinate, standing);
  if (isEnough(standing, least)) return;
  const where = standing.narrowed || least !== PERMISSIONS[coordinate]?.role ? 'in this environment' : 'in this team';
  throw new RoleTooLow(`Your role ${where} is ${heldRole(standing)}; this needs ${least}.`, standing.team_id);
}

/** A protected environment asks for ADMIN where others ask for DEVELOPER. */
function leastRole(coordinate: string, standing: Standing): Role {
  const wanted = PERMISSIONS[coordinate]?.role;
  if (!wanted) throw new Error(`${coordinate} asks for no role in a team, but looks for one`);
  return standing.protected && wanted === Role.DEVELOPER ? Role.ADMIN : wanted;
}

/** A role may be narrowed in an environment. */
const heldRole = ({ role, narrowed }: Standing): Role => (narrowed ? lowerRole(role, narrowed) : role);
const isEnough = (standing: Standing, least: Role): boolean => roleAtLeast(heldRole(standing), least);

/** A refusal for want of a role: it is told in the team's log. */
export class RoleTooLow extends ApexError {
  constructor(
    message: string,
    readonly teamId: string,
  ) {
    super('FORBIDDEN', message);
  }
}
