import { isBuiltFor } from '../../entities/built-image.js';
import type { Service } from '../../entities/service.js';
import { AutoDeploy, type ServiceSource } from '../../entities/service-source.js';
import type { Fault } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { ServiceSourceInput } from '../../schema/service-source.input.js';

/** The source as its row keeps it. */
export function sourceOf(input: ServiceSourceInput | null | undefined): ServiceSource | null {
  if (!input) return null;
  const { repository, host, branch, path = null, autoDeploy, dockerfile, target, buildArgs } = input;
  const build = { ...(dockerfile ? { dockerfile } : {}), ...(target ? { target } : {}), ...(buildArgs && Object.keys(buildArgs).length > 0 ? { buildArgs } : {}) };
  return { repository, ...(host ? { host } : {}), branch, path, autoDeploy, ...build };
}

/** An image is either given or built. */
export function imageFaults(source: ServiceSource | null, given: string | null | undefined, buildSecrets: object | null | undefined): Fault[] {
  const builds = source?.autoDeploy === AutoDeploy.BUILD;
  if (builds && given != null) return [{ path: 'image', message: 'is made by the build: leave it out, or use another autoDeploy than BUILD' }];
  if (!builds && given == null) return [{ path: 'image', message: 'is required, but where source.autoDeploy is BUILD' }];
  if (!builds && source && (source.dockerfile || source.target || source.buildArgs)) return [{ path: 'source.autoDeploy', message: 'must be BUILD where a dockerfile, a target or buildArgs are given' }];
  if (!builds && Object.values(buildSecrets ?? {}).some((value) => value !== null)) return [{ path: 'buildSecrets', message: 'are for services whose source.autoDeploy is BUILD: what a service gets while it runs is env' }];
  return [];
}

/** What a service's image is called: as it was given, or after the service where it is built. One that it has from a build stays, wherever it is kept. */
export const imageOf = ({ id, teamId, image, source }: Pick<Service, 'id' | 'teamId' | 'image' | 'source'>, orchestrator: Pick<Orchestrator, 'builtImage'>): string =>
  source?.autoDeploy === AutoDeploy.BUILD && !isBuiltFor(image, teamId, id) ? orchestrator.builtImage(teamId, id) : image;
