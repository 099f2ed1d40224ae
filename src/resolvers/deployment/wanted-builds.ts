import type { EntityManager } from '@mikro-orm/postgresql';
import { stableText } from '../idempotency/stable-text.js';
import type { BuildRequest } from '../../entities/build.js';
import { isBuilt } from '../../entities/service-source.js';
import { Variable, VariableScope } from '../../entities/variable.js';
import { DeploymentTrigger } from '../../entities/deployment-state.js';
import type { Service } from '../../entities/service.js';
import type { WantedDeployment } from './start-deployment.js';

/** The image that an earlier build has made of the same source. */
export interface EarlierBuild {
  digest: string;
  commit: string | null;
}

/** What is built for a service, with the ids of its secrets. */
export const buildRequestOf = ({ source }: Service, secretIds: readonly string[] = []): BuildRequest => {
  if (!source) throw new Error('A service without a source is not built');
  const { repository, host, branch, path, dockerfile = null, target = null, buildArgs = null } = source;
  return { repository, ...(host && { host }), branch, path, dockerfile, target, buildArgs, ...(secretIds.length > 0 && { secretIds: [...secretIds] }) };
};

export const isToBeBuilt = ({ service, pinned }: WantedDeployment): boolean => isBuilt(service) && !pinned?.release && !pinned?.digest;

/** The ids of the secrets that the builds among them get, by service. */
export async function buildSecrets(tx: EntityManager, wanted: readonly WantedDeployment[]): Promise<Map<string, string[]>> {
  const ids = [...new Set(wanted.filter(isToBeBuilt).map(({ service }) => service.id))];
  if (ids.length === 0) return new Map();
  const rows = await tx.find(Variable, { serviceId: { $in: ids }, scope: VariableScope.BUILD, replacedAt: null }, { orderBy: { key: 'asc' }, fields: ['id', 'serviceId'] });
  return new Map([...Map.groupBy(rows, ({ serviceId }) => serviceId)].map(([serviceId, own]) => [serviceId, own.map(({ id }) => id)]));
}

/**
 * The builds that need not be done again: where only something else of the service was changed, its newest image stays.
 * A push, a pull request and a redeploy always build.
 */
export async function earlierBuilds(tx: EntityManager, wanted: readonly WantedDeployment[], secrets: ReadonlyMap<string, readonly string[]>): Promise<Map<Service, EarlierBuild>> {
  const unchanged = wanted.filter((one) => isToBeBuilt(one) && one.trigger === DeploymentTrigger.API).map(({ service }) => service);
  if (unchanged.length === 0) return new Map();
  const rows = await tx.execute<{ service_id: string; digest: string; commit_sha: string | null; request: BuildRequest; image: string }[]>(
    `select distinct on (build.service_id) build.service_id, build.digest, build.commit_sha, build.request, deployment.image
     from build join deployment on deployment.id = build.deployment_id
     where build.service_id = any(string_to_array(?, ',')::uuid[]) and build.state = 'SUCCEEDED' order by build.service_id, build.created_at desc`,
    [unchanged.map(({ id }) => id).join(',')],
  );
  const byService = new Map(rows.map((row) => [row.service_id, row]));
  return new Map(unchanged.flatMap((service) => {
    const row = byService.get(service.id);
    return row && row.image === service.image && stableText(row.request) === stableText(buildRequestOf(service, secrets.get(service.id))) ? [[service, { digest: row.digest, commit: row.commit_sha }]] : [];
  }));
}
