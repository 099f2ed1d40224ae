import type { FilterQuery } from '@mikro-orm/postgresql';
import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { requireAccess, requireId } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { AuditEvent } from '../../entities/audit-event.js';
import { Team } from '../../entities/team.js';
import { AuditEventConnection } from '../../schema/audit-event.connection.js';
import { AuditFilterInput } from '../../schema/audit-filter.input.js';
import { Page } from '../../schema/connection.js';
import { pageWish } from '../../schema/page.js';

/** A page where none was asked for: a log has no end. */
const DEFAULT_FIRST = 100;

@Resolver(() => Team)
export class AuditLogFields {
  @FieldResolver(() => AuditEventConnection, { description: 'Who did what in the team, newest first; 100 unless `first` says else.' })
  async auditLog(
    @Root() { id: teamId }: Team,
    @Ctx() { em, actor }: RequestContext,
    @Arg('filter', () => AuditFilterInput, { nullable: true }) filter: AuditFilterInput | null,
    @Arg('first', () => Int, { nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<Page<AuditEvent>> {
    await requireAccess(em, actor, 'Team.auditLog', 'team', teamId);
    const page = pageWish(first ?? DEFAULT_FIRST, after);
    const conditions: FilterQuery<AuditEvent>[] = [{ teamId }, ...wished(filter)];
    if (page.after) conditions.push({ $or: [{ createdAt: { $lt: page.after.createdAt } }, { createdAt: page.after.createdAt, id: { $lt: page.after.id } }] });
    const rows = await em.find(AuditEvent, { $and: conditions }, { orderBy: { createdAt: 'desc', id: 'desc' }, limit: page.limit! + 1, disableIdentityMap: true });
    return new Page(rows, page);
  }
}

function wished(filter: AuditFilterInput | null): FilterQuery<AuditEvent>[] {
  if (!filter) return [];
  const { action, accountId, targetId, outcome, since, until } = filter;
  return [
    ...(action != null ? [{ action }] : []),
    ...(accountId != null ? [{ accountId: requireId(accountId) }] : []),
    ...(targetId != null ? [{ targetId }] : []),
    ...(outcome != null ? [{ outcome }] : []),
    ...(since != null ? [{ createdAt: { $gte: since } }] : []),
    ...(until != null ? [{ createdAt: { $lt: until } }] : []),
  ];
}
