import type { EntityManager } from '@mikro-orm/postgresql';
import { Environment, namespaceFor, PRODUCTION } from '../entities/environment.js';
import { newId } from '../entities/columns.js';
import { Membership } from '../entities/membership.js';
import { Role } from '../entities/roles.js';
import { Team } from '../entities/team.js';

/** Makes a team's data key; the vault does. */
export interface TeamKeys {
  createTeamKey(em: EntityManager, teamId: string): Promise<void>;
}

/** What every account begins with: a team of its own, the team's data key, and the environment `production`. */
export async function createPersonalTeam(em: EntityManager, keys: TeamKeys, installationId: string, accountId: string): Promise<Team> {
  const createdAt = new Date();
  const team = em.create(Team, { id: newId(), name: 'Personal', personal: true, createdAt, deletedAt: null });
  em.create(Membership, { id: newId(), teamId: team.id, accountId, role: Role.OWNER, createdAt });
  const environmentId = newId();
  em.create(Environment, {
    id: environmentId,
    teamId: team.id,
    name: PRODUCTION,
    namespace: namespaceFor(installationId, environmentId, PRODUCTION),
    clusterId: null,
    createdAt,
    deletedAt: null,
  });
  await em.flush();
  await keys.createTeamKey(em, team.id);
  return team;
}
