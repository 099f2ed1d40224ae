import type { EntityManager } from '@mikro-orm/postgresql';
import type { Team } from '../entities/team.js';
import { newTeam, type TeamKeys } from './new-team.js';

export type { TeamKeys } from './new-team.js';

/** What every account begins with: a team of its own. */
export const createPersonalTeam = (em: EntityManager, keys: TeamKeys, installationId: string, accountId: string): Promise<Team> =>
  newTeam(em, keys, installationId, { name: 'Personal', personal: true, accountId });
