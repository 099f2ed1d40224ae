/** Where images of builds are kept: a registry, and a path in it under which each team has its own. */
export interface ImagePlace {
  registry: string;
  path: string;
}

/** What images of the embedded node's registry are called. */
export const EMBEDDED_REGISTRY = 'apex.local';
export const EMBEDDED_PLACE: ImagePlace = { registry: EMBEDDED_REGISTRY, path: 'teams' };

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const OWNED = new RegExp(`^(${ID})/`);

/** The repository there that a service's builds are pushed to: its team's, and nobody else's. */
export const builtImage = ({ registry, path }: ImagePlace, teamId: string, serviceId: string): string => [registry, path, teamId, serviceId].filter(Boolean).join('/');

/** Whether an image was built for the team (and, where given, the service), in whichever place it is kept. */
export const isBuiltFor = (image: string, teamId: string, serviceId = ID): boolean => new RegExp(`/${teamId}/${serviceId}(?:[:@]|$)`).test(image);

/** Whether it is called as what is built here, in another registry than the embedded one: after a team and a service. */
export const isOfBuild = (registry: string, repository: string): boolean => registry !== EMBEDDED_REGISTRY && new RegExp(`(?:^|/)${ID}/${ID}$`).test(repository);

/** Whose a repository of that place is; null where it is of another registry, or no team's. */
export function teamOf(place: ImagePlace, registry: string, repository: string): string | null {
  if (withoutPort(registry) !== withoutPort(place.registry)) return null;
  const path = place.path === '' ? '' : `${place.path}/`;
  return repository.startsWith(path) ? (OWNED.exec(repository.slice(path.length))?.[1] ?? null) : null;
}

/** `registry.example.com:443` is the same registry. */
const withoutPort = (registry: string): string => registry.replace(/:443$/, '');
