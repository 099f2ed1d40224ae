import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../entities/columns.js';
import { EnvironmentKind } from '../entities/environment-kind.js';
import { Environment, namespaceFor, PRODUCTION } from '../entities/environment.js';
import { Membership } from '../entities/membership.js';
import { Role } from '../entities/roles.js';
import { Team } from '../entities/team.js';

/** Makes a team's data key; the vault does. */
export interface TeamKeys {
  createTeamKey(em: EntityManager, teamId: string): Promise<void>;
}

export interface TeamWish {
  name: string;
  personal: boolean;
  /** Its first owner. */
  accountId: string;
}

/** A team with its owner, its data key, and the environment `production` that every team has. */
export async function newTeam(em: EntityManager, keys: TeamKeys, installationId: string, { name, personal, accountId }: TeamWish): Promise<Team> {
  const createdAt = new Date();
  const team = em.create(Team, { id: newId(), name, personal, quota: null, createdAt, deletedAt: null });
  em.create(Membership, { id: newId(), teamId: team.id, accountId, role: Role.OWNER, createdAt });
  const environmentId = newId();
  em.create(Environment, {
    id: environmentId,
    teamId: team.id,
    name: PRODUCTION,
    namespace: namespaceFor(installationId, environmentId, PRODUCTION),
    kind: EnvironmentKind.STAGE, protected: false,
    clusterId: null,
    createdAt,
    deletedAt: null,
  });
  await em.flush();
  await keys.createTeamKey(em, team.id);
  return team;
}
