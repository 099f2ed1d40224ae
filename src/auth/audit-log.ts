import type { EntityManager } from '@mikro-orm/postgresql';
import { getNamedType, isInputObjectType, type GraphQLField, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context.js';
import { HIDDEN, type AuditState } from '../entities/audit-event.js';
import { newId } from '../entities/columns.js';
import type { Database } from '../entities/database.js';
import { RoleTooLow } from './tenant-scope.js';

/** What an event tells beside who and from where, which the context knows. */
export interface AuditEntry {
  action: string;
  teamId?: string | null;
  target?: { kind: string; id: string; name?: string | null };
  before?: AuditState | null;
  after?: AuditState | null;
  outcome?: string;
  /** Who did it, where the context does not know yet: at sign-in, at an invitation. */
  accountId?: string;
}

const INSERT = `
  insert into audit_event (id, team_id, account_id, token_id, actor, action, target_kind, target_id, target_name, outcome, ip, door, request_id, before, after, created_at)
  values `;
const ROW = '(?, ?, ?, ?, coalesce((select name from account where id = ?), (select name from token where id = ?), ?), ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, now())';

/** The number of events that an operation has written. */
const written = new WeakMap<RequestContext, number>();

/** Writes an event in the transaction of what it tells of: both are there or neither. */
export const recordAudit = (tx: EntityManager, context: RequestContext, entry: AuditEntry): Promise<void> => recordAudits(tx, [{ ...entry, context }]);

/** The same for many, each of an operation of its own perhaps, with one statement. */
export async function recordAudits(tx: EntityManager, entries: readonly (AuditEntry & { context: RequestContext })[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.execute(`${INSERT}${entries.map(() => ROW).join(', ')}`, entries.flatMap(({ context, ...entry }) => rowOf(context, entry)));
  for (const { context } of entries) written.set(context, (written.get(context) ?? 0) + 1);
}

function rowOf({ actor, ip, door, requestId }: RequestContext, entry: AuditEntry): unknown[] {
  const accountId = entry.accountId ?? (actor.kind === 'account' ? actor.accountId : null);
  const tokenId = 'tokenId' in actor ? actor.tokenId : null;
  const json = (state: AuditState | null | undefined): string | null => (state ? JSON.stringify(state) : null);
  const { target } = entry;
  return [
    newId(), entry.teamId ?? null, accountId, tokenId, accountId, tokenId, actor.kind === 'system' ? actor.name : actor.kind, entry.action,
    target?.kind ?? null, target?.id ?? null, target?.name ?? null, entry.outcome ?? 'OK', ip, door, requestId, json(entry.before), json(entry.after),
  ];
}

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;

/** Sees to it that no mutation goes untold: one that is refused for want of a role, and one that told nothing itself. */
export function auditMutations(schema: GraphQLSchema, orm: Database): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (field.resolve) field.resolve = audited(field, field.resolve as Resolver, orm);
  }
}

function audited(field: GraphQLField<unknown, RequestContext>, resolve: Resolver, orm: Database): Resolver {
  return async (source, args, context, info) => {
    const before = written.get(context) ?? 0;
    const after = (): AuditState => shown(field, args as Record<string, unknown>);
    try {
      const result: unknown = await resolve(source, args, context, info);
      // A delivery is a record of its own, and tells of each service that it deploys.
      if ((written.get(context) ?? 0) === before && context.door !== 'webhook' && context.door !== 'schedule') await recordAudit(orm.em.fork(), context, { action: field.name, ...(await aboutOf(orm.em.fork(), result)), after: after() });
      return result;
    } catch (error) {
      if (error instanceof RoleTooLow) await recordAudit(orm.em.fork(), context, { action: field.name, teamId: error.teamId, outcome: error.code, after: after() });
      throw error;
    }
  };
}

async function aboutOf(em: EntityManager, result: unknown): Promise<Pick<AuditEntry, 'teamId' | 'target'>> {
  const { id, serviceId, name, ...more } = (result ?? {}) as { id?: string; serviceId?: string; teamId?: string; name?: string };
  const [owner] = more.teamId || !serviceId ? [] : await em.execute<{ team_id: string }[]>('select team_id from service where id = ?', [serviceId]);
  const teamId = more.teamId ?? owner?.team_id;
  return { teamId: teamId ?? null, ...(id && { target: { kind: (result as object).constructor.name.toLowerCase(), id, name: name ?? null } }) };
}

const SECRET = /password|token|secret/i;

/** The arguments, flat, with every secret hidden. */
function shown(field: GraphQLField<unknown, RequestContext>, args: Record<string, unknown>): AuditState {
  const state: AuditState = {};
  for (const { name, type } of field.args) {
    const named = getNamedType(type);
    const given = args[name];
    if (isInputObjectType(named) && given) for (const inner of Object.values(named.getFields())) put(inner.name, getNamedType(inner.type).name, (given as Record<string, unknown>)[inner.name]);
    else put(name, named.name, given);
  }
  return state;

  function put(name: string, type: string, value: unknown): void {
    if (value === undefined || value === null) return;
    if (SECRET.test(name)) state[name] = HIDDEN;
    else if (type === 'Variables') state[name] = Object.keys(value).map((key) => `${key}=${HIDDEN}`);
    else state[name] = ['string', 'number', 'boolean'].includes(typeof value) ? (value as string) : JSON.stringify(value);
  }
}
