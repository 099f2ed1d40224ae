import type { EntityManager } from '@mikro-orm/postgresql';
import { UNFINISHED_STATES } from '../../entities/deployment-state.js';
import { StoredImage } from '../../entities/stored-image.js';
import type { Logger } from '../../logger.js';
import { parseImage } from '../../outside/image-reference.js';
import type { ImageHomes } from './image-homes.js';

/** Of one look: the next one finds the others. */
const MOST_AT_ONCE = 50;

type Old = Pick<StoredImage, 'image' | 'teamId' | 'digest'>;

/**
 * The images of builds that nobody can want any more. Wanted are those of the last releases of each service that runs from
 * the repository (a promoted image is of another service's), what serves or is on its way, and a service's newest build,
 * which its next deployment may take over. While a service is built, its images stay: the build may make one of them again.
 */
async function oldImages(em: EntityManager, keptReleases: number, offset: number): Promise<Old[]> {
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
     select image.image, image.team_id as "teamId", image.digest from stored_image image
     where not exists (select 1 from wanted where wanted.team_id = image.team_id and wanted.digest = image.digest)
       and not exists (select 1 from build where build.service_id = image.service_id and build.state in ('QUEUED', 'RUNNING'))
     order by image.created_at, image.image, image.digest limit ${MOST_AT_ONCE} offset ?`,
    [...UNFINISHED_STATES, keptReleases, ...UNFINISHED_STATES, offset],
  );
}

/** Takes old images out of their registries; the room of their layers is given back when that registry collects its rubbish. */
export class OldImages {
  /** Registries that delete nothing for us. */
  readonly #keepAll = new Set<string>();

  constructor(
    private readonly homes: Pick<ImageHomes, 'find'>,
    private readonly keptReleases: number,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Answers how many. */
  async forget(em: EntityManager, signal: AbortSignal): Promise<number> {
    let gone = 0;
    // Those that stay where they are must not stand before the others for ever.
    for (let left = 0; gone < MOST_AT_ONCE; ) {
      const old = await oldImages(em, this.keptReleases, left);
      for (const image of old) {
        if (!(await this.#remove(image, signal))) left += 1;
        else gone += await em.nativeDelete(StoredImage, { image: image.image, digest: image.digest });
      }
      if (old.length < MOST_AT_ONCE) break;
    }
    return gone;
  }

  async #remove({ image, teamId, digest }: Old, signal: AbortSignal): Promise<boolean> {
    const reference = parseImage(image);
    const transfer = reference && !this.#keepAll.has(reference.registry) ? this.homes.find(reference, teamId)?.transfer() : null;
    if (!reference || !transfer) return false;
    if (await transfer.remove(reference.repository, digest, signal)) return true;
    this.#keepAll.add(reference.registry);
    this.logger.warn({ registry: reference.registry }, 'the registry deletes nothing for us: old images of builds stay in it');
    return false;
  }
}
