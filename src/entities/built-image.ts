/** What images of the embedded node's registry are called. */
export const EMBEDDED_REGISTRY = 'apex.local';
const TEAMS = 'teams';

/** The repository in that registry that a service's builds are pushed to: its team's, and nobody else's. */
export const builtImage = (teamId: string, serviceId: string): string => `${EMBEDDED_REGISTRY}/${TEAMS}/${teamId}/${serviceId}`;

/** Whether a repository of the embedded registry is another team's. */
export const isOfOtherTeam = (registry: string, repository: string, teamId: string): boolean =>
  registry === EMBEDDED_REGISTRY && repository.startsWith(`${TEAMS}/`) && !repository.startsWith(`${TEAMS}/${teamId}/`);
