import type { EntityManager } from '@mikro-orm/postgresql';
import { builtImage } from '../../entities/built-image.js';
import { UNFINISHED_STATES } from '../../entities/deployment-state.js';
import { StoredImage } from '../../entities/stored-image.js';
import { parseImage } from '../../outside/image-reference.js';
import type { RegistryTransfer } from '../../outside/registry-transfer.js';

/** Of one look: the next one finds the others. */
const MOST_AT_ONCE = 50;

type Old = Pick<StoredImage, 'serviceId' | 'teamId' | 'digest'>;

/**
 * The images of builds that nobody can want any more. Wanted are those of the last releases of each service that runs from
 * the repository (a promoted image is of another service's), what serves or is on its way, and a service's newest build,
 * which its next deployment may take over. While a service is built, its images stay: the build may make one of them again.
 */
async function oldImages(em: EntityManager, keptReleases: number): Promise<Old[]> {
  const unfinished = UNFINISHED_STATES.map(() => '?').join(', ');
  return em.execute<Old[]>(
    `with running as (
       select service.id, service.team_id, service.current_deployment_id, service.latest_deployment_id from service where service.team_id in (select team_id from stored_image)
     ), wanted as (
       select running.team_id, deployment.digest from running join deployment on deployment.service_id = running.id
       where deployment.digest is not null and (deployment.id in (running.current_deployment_id, running.latest_deployment_id) or deployment.state in (${unfinished}))
       union
       select numbered.team_id, numbered.digest from (
         select running.team_id, release.digest, row_number() over (partition by release.service_id order by release.number desc) as age
         from running join release on release.service_id = running.id where release.digest is not null
       ) numbered where numbered.age <= ?
       union
       select newest.team_id, newest.digest from (
         select distinct on (build.service_id) build.team_id, build.digest from build join running on running.id = build.service_id where build.state = 'SUCCEEDED' order by build.service_id, build.created_at desc
       ) newest
       union
       select build.team_id, build.digest from build join deployment on deployment.id = build.deployment_id where build.digest is not null and deployment.state in (${unfinished})
     )
     select image.service_id as "serviceId", image.team_id as "teamId", image.digest from stored_image image
     where not exists (select 1 from wanted where wanted.team_id = image.team_id and wanted.digest = image.digest)
       and not exists (select 1 from build where build.service_id = image.service_id and build.state in ('QUEUED', 'RUNNING'))
     order by image.created_at limit ${MOST_AT_ONCE}`,
    [...UNFINISHED_STATES, keptReleases, ...UNFINISHED_STATES],
  );
}

/** Takes old images out of the node's registry; the room of their layers is given back when the node starts next. Answers how many. */
export async function forgetOldImages(em: EntityManager, transfer: RegistryTransfer, keptReleases: number, signal: AbortSignal): Promise<number> {
  const old = await oldImages(em, keptReleases);
  for (const { serviceId, teamId, digest } of old) {
    const reference = parseImage(builtImage(teamId, serviceId));
    if (reference) await transfer.remove(reference.repository, digest, signal);
    await em.nativeDelete(StoredImage, { serviceId, digest });
  }
  return old.length;
}
