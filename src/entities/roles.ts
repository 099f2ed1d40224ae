import { registerEnumType } from 'type-graphql';

export enum Role {
  OWNER = 'OWNER',
  ADMIN = 'ADMIN',
  DEVELOPER = 'DEVELOPER',
  VIEWER = 'VIEWER',
}
registerEnumType(Role, { name: 'Role', description: 'What a member may do in a team.' });

/** Higher may do all that lower may. */
const RANK: Record<Role, number> = { [Role.VIEWER]: 0, [Role.DEVELOPER]: 1, [Role.ADMIN]: 2, [Role.OWNER]: 3 };

export const roleAtLeast = (role: Role, least: Role): boolean => RANK[role] >= RANK[least];

export const lowerRole = (one: Role, other: Role): Role => (RANK[one] <= RANK[other] ? one : other);
