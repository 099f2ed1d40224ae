import type { EntityManager } from '@mikro-orm/postgresql';
import { requireId } from '../../auth/tenant-scope.js';
import { Invitation } from '../../entities/invitation.js';
import { Membership } from '../../entities/membership.js';
import { Role, roleAtLeast } from '../../entities/roles.js';
import { forbidden, notFound } from '../../errors.js';
import { MembershipPayload, MembershipStatus } from '../../schema/membership.payload.js';
import { readMembers } from './team-rows.js';

/** A member of the team or an open invitation to it, by the id that the list of members shows. Throws NOT_FOUND. */
export async function findMember(tx: EntityManager, teamId: string, id: string): Promise<{ row: Membership | Invitation; shown: MembershipPayload }> {
  const shown = (await readMembers(tx, teamId, true)).find((member) => member.id === requireId(id));
  if (!shown) throw notFound();
  const row = shown.status === MembershipStatus.ACTIVE ? await tx.findOneOrFail(Membership, { id, teamId }) : await tx.findOneOrFail(Invitation, { id, teamId });
  return { row, shown };
}

/** Nobody touches a role above the own, nor gives one. Throws FORBIDDEN. */
export function requireRank(own: Role, ...roles: Role[]): void {
  const above = roles.find((role) => !roleAtLeast(own, role));
  if (above) throw forbidden(`Your role in this team is ${own}: you cannot change what concerns ${above}.`);
}
