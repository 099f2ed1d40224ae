import { AutoDeploy, type ServiceSource } from './service-source.js';

/** What images of the embedded node's registry are called. */
export const EMBEDDED_REGISTRY = 'apex.local';
const TEAMS = 'teams';

/** The repository in that registry that a service's builds are pushed to: its team's, and nobody else's. */
export const builtImage = (teamId: string, serviceId: string): string => `${EMBEDDED_REGISTRY}/${TEAMS}/${teamId}/${serviceId}`;

/** Whether a service's image is made from its source, and not pulled from elsewhere. */
export const isBuilt = ({ source, image, teamId }: { source: ServiceSource | null; image: string; teamId: string }): boolean =>
  source?.autoDeploy === AutoDeploy.BUILD && image.startsWith(builtImage(teamId, ''));

/** Whether a repository of the embedded registry is another team's. */
export const isOfOtherTeam = (registry: string, repository: string, teamId: string): boolean =>
  registry === EMBEDDED_REGISTRY && repository.startsWith(`${TEAMS}/`) && !repository.startsWith(`${TEAMS}/${teamId}/`);
