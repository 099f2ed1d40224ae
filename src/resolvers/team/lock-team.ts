import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { requireAccess, requireMember } from '../../auth/tenant-scope.js';
import type { Actor } from '../../context.js';
import { Membership } from '../../entities/membership.js';
import { Role } from '../../entities/roles.js';
import { Team } from '../../entities/team.js';
import { badRequest, notFound } from '../../errors.js';

/**
 * The team, locked until the transaction ends, where the actor may do `coordinate` to it: whoever changes its members waits
 * for the others who do. Answers also the actor's role. Throws NOT_FOUND or FORBIDDEN.
 */
export async function lockTeam(tx: EntityManager, actor: Actor, coordinate: string, id: string): Promise<{ team: Team; role: Role }> {
  await requireAccess(tx, actor, coordinate, 'team', id);
  const team = await tx.findOne(Team, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!team) throw notFound();
  // Asked again behind the lock: it may have changed while we waited.
  await requireAccess(tx, actor, coordinate, 'team', id);
  return { team, role: await requireMember(tx, actor, id) };
}

/** Throws BAD_REQUEST where the team would be left without an owner. Call it with the team locked. */
export async function keepAnOwner(tx: EntityManager, membership: Membership): Promise<void> {
  if (membership.role !== Role.OWNER) return;
  const others = await tx.count(Membership, { teamId: membership.teamId, role: Role.OWNER, id: { $ne: membership.id } });
  if (others === 0) throw badRequest('The last owner of a team stays: make somebody else an OWNER first, or delete the team.');
}
