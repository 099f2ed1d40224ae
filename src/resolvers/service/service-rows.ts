import type { EntityManager } from '@mikro-orm/postgresql';
import type { Condition } from '../../auth/tenant-scope.js';
import type { Deployment, DeploymentReason } from '../../entities/deployment.js';
import type { DeploymentState, DeploymentTrigger, ReasonCode } from '../../entities/deployment-state.js';
import type { Environment } from '../../entities/environment.js';
import type { Service } from '../../entities/service.js';
import type { EnvironmentKind } from '../../entities/environment-kind.js';
import type { ServicePreviews } from '../../entities/service-previews.js';
import type { ServiceSource } from '../../entities/service-source.js';
import { serviceStatus } from '../../entities/service-status.js';
import type { HealthCheck, PreDeploy, Resources } from '../../entities/workload-spec.js';
import { readPrepared } from '../../entities/prepared-read.js';
import { notFound } from '../../errors.js';
import type { Orchestrator } from '../../orchestrator/port.js';
import type { PageWish } from '../../schema/page.js';

/** A service as a list shows it: a plain object with the fields of the schema, and no entity behind it. */
export type ServiceRow = Pick<
  Service,
  | 'id' | 'teamId' | 'name' | 'image' | 'command' | 'args' | 'containerPort' | 'public' | 'replicas' | 'healthCheck' | 'resources' | 'preDeploy' | 'deployTimeoutSeconds'
  | 'source' | 'previews' | 'paused' | 'readyReplicas' | 'statusMessage' | 'createdAt' | 'status' | 'url'
> & {
  environment: EnvironmentRow;
  currentDeployment: DeploymentRow | null;
  latestDeployment: DeploymentRow | null;
};

export type EnvironmentRow = Pick<Environment, 'id' | 'teamId' | 'name' | 'kind' | 'protected' | 'createdAt'>;

export type DeploymentRow = Pick<
  Deployment,
  'id' | 'serviceId' | 'state' | 'trigger' | 'image' | 'commit' | 'digest' | 'fromReleaseId' | 'createdAt' | 'endedAt' | 'release' | 'reason'
>;

type Raw = Record<string, unknown>;

/** The columns of a deployment under a prefix, so that two of them fit in one row. */
export const deploymentColumns = (table: string, release: string, prefix: string): string =>
  ['id', 'service_id', 'state', 'trigger', 'image', 'commit_sha', 'digest', 'from_release_id', 'reason_code', 'reason_message', 'created_at', 'ended_at']
    .map((column) => `${table}.${column} as ${prefix}${column}`)
    .concat(`${release}.number as ${prefix}release`)
    .join(', ');

const SELECT = `
  select service.id, service.team_id, service.environment_id, service.name, service.image, service.command, service.args, service.container_port,
    service.public, service.replicas, service.health_check, service.resources, service.pre_deploy, service.deploy_timeout_seconds, service.source, service.previews, service.paused, service.generation, service.observed_generation,
    service.ready_replicas, service.address_answers, service.status_message, service.current_deployment_id, service.created_at, service.deleted_at,
    environment.name as environment_name, environment.protected as environment_protected, environment.kind as environment_kind, environment.created_at as environment_created_at, host.name as host_name,
    ${deploymentColumns('running', 'running_release', 'r_')}, ${deploymentColumns('latest', 'latest_release', 'l_')}
  from service
    join environment on environment.id = service.environment_id
    left join host on host.service_id = service.id
    left join deployment running on running.id = service.current_deployment_id
    left join release running_release on running_release.id = running.release_id
    left join deployment latest on latest.id = service.latest_deployment_id
    left join release latest_release on latest_release.id = latest.release_id`;

type Addresses = Pick<Orchestrator, 'urlOf'>;

const NOT_DELETED: Condition = { sql: 'service.deleted_at is null', params: [] };
const ONE: PageWish = { limit: null, after: null };

/** The services that are not deleted, oldest first, in one statement; one more than the limit where there are more. */
export const readServices = (em: EntityManager, conditions: readonly Condition[], page: PageWish, addresses: Addresses): Promise<ServiceRow[]> =>
  read(em, [NOT_DELETED, ...conditions], page, addresses);

/** The service as the caller's transaction sees it, also when it was just deleted there. */
export async function readService(em: EntityManager, id: string, addresses: Addresses): Promise<ServiceRow> {
  const [service] = await read(em, [{ sql: 'service.id = ?', params: [id] }], ONE, addresses);
  if (!service) throw notFound();
  return service;
}

async function read(em: EntityManager, conditions: readonly Condition[], page: PageWish, addresses: Addresses): Promise<ServiceRow[]> {
  const all = [...conditions];
  if (page.after) all.push({ sql: '(service.created_at, service.id) > (?, ?)', params: [page.after.createdAt, page.after.id] });
  const where = all.map(({ sql }) => sql).join(' and ');
  const sql = `${SELECT} where ${where} order by service.created_at, service.id${page.limit === null ? '' : ' limit ?'}`;
  const params = [...all.flatMap((condition) => condition.params), ...(page.limit === null ? [] : [page.limit + 1])];
  const rows = await readPrepared<Raw>(em, sql, params);
  return rows.map((row) => serviceOf(row, addresses));
}

function serviceOf(row: Raw, addresses: Addresses): ServiceRow {
  const currentDeployment = row['r_id'] ? deploymentOf(row, 'r_') : null;
  const latestDeployment = row['l_id'] ? deploymentOf(row, 'l_') : null;
  const isPublic = row['public'] as boolean;
  const host = row['host_name'] as string | null;
  const replicas = row['replicas'] as number;
  const paused = row['paused'] as boolean;
  const readyReplicas = row['ready_replicas'] as number;
  return {
    id: row['id'] as string,
    teamId: row['team_id'] as string,
    name: row['name'] as string,
    image: row['image'] as string,
    command: json<string[]>(row['command']),
    args: json<string[]>(row['args']),
    containerPort: row['container_port'] as number | null,
    public: isPublic,
    replicas,
    healthCheck: json<HealthCheck>(row['health_check']),
    resources: json<Resources>(row['resources'])!,
    source: json<ServiceSource>(row['source']),
    previews: json<ServicePreviews>(row['previews']),
    preDeploy: json<PreDeploy>(row['pre_deploy']),
    deployTimeoutSeconds: row['deploy_timeout_seconds'] as number | null,
    paused,
    readyReplicas,
    statusMessage: row['status_message'] as string | null,
    createdAt: time(row['created_at']),
    status: serviceStatus({
      deletedAt: row['deleted_at'] == null ? null : time(row['deleted_at']),
      paused,
      replicas,
      readyReplicas,
      public: isPublic,
      addressAnswers: row['address_answers'] as boolean,
      generation: row['generation'] as number,
      observedGeneration: row['observed_generation'] as number,
      currentDeploymentId: row['current_deployment_id'] as string | null,
      latestDeploymentState: latestDeployment?.state ?? null,
    }),
    url: isPublic && host ? addresses.urlOf(host) : null,
    environment: {
      id: row['environment_id'] as string,
      teamId: row['team_id'] as string,
      name: row['environment_name'] as string,
      kind: row['environment_kind'] as EnvironmentKind,
      protected: row['environment_protected'] as boolean,
      createdAt: time(row['environment_created_at']),
    },
    currentDeployment,
    latestDeployment: latestDeployment?.id === currentDeployment?.id ? currentDeployment : latestDeployment,
  };
}

/** Reads the columns that `deploymentColumns` named. */
export function deploymentOf(row: Raw, prefix: string): DeploymentRow {
  const code = row[`${prefix}reason_code`] as ReasonCode | null;
  const endedAt = row[`${prefix}ended_at`];
  return {
    id: row[`${prefix}id`] as string,
    serviceId: row[`${prefix}service_id`] as string,
    state: row[`${prefix}state`] as DeploymentState,
    trigger: row[`${prefix}trigger`] as DeploymentTrigger,
    image: row[`${prefix}image`] as string,
    commit: row[`${prefix}commit_sha`] as string | null,
    digest: row[`${prefix}digest`] as string | null,
    fromReleaseId: row[`${prefix}from_release_id`] as string | null,
    createdAt: time(row[`${prefix}created_at`]),
    endedAt: endedAt == null ? null : time(endedAt),
    release: row[`${prefix}release`] as number | null,
    reason: code ? reasonOf(row[`${prefix}id`] as string, row[`${prefix}service_id`] as string, code, row[`${prefix}reason_message`] as string | null) : null,
  };
}

/** The driver leaves times and JSON as PostgreSQL's text where a statement is ours. */
const time = (value: unknown): Date => (value instanceof Date ? value : new Date(value as string));
const json = <T>(value: unknown): T | null => (typeof value === 'string' ? (JSON.parse(value) as T) : ((value as T | null) ?? null));

/** A reason that knows whose it is, for its last lines. */
export type ReasonRow = DeploymentReason & { deploymentId: string; serviceId: string };

const reasonOf = (deploymentId: string, serviceId: string, code: ReasonCode, message: string | null): ReasonRow => ({ code, message: message ?? '', deploymentId, serviceId });
