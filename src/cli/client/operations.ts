import { parse } from 'graphql';
import type { Operation } from './graphql-client.js';

/** The operations of the `apex` command. A test holds them to the schema. */

export interface Deployment {
  readonly id: string;
  readonly state: string;
  readonly reason: { readonly code: string; readonly message: string } | null;
}

export interface Service {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly status: string;
  readonly statusMessage: string | null;
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly url: string | null;
  readonly environment: { readonly name: string };
  readonly latestDeployment: Deployment | null;
}

export interface ServiceReleases {
  readonly currentDeployment: { readonly release: number } | null;
  readonly releases: { readonly nodes: ReadonlyArray<{ readonly number: number; readonly image: string; readonly digest: string | null; readonly createdAt: string }> };
}

export interface LogBatch {
  readonly lines: ReadonlyArray<{ readonly timestamp: string; readonly replica: string; readonly raw: string; readonly cut: boolean }>;
  readonly dropped: number;
  readonly gap: boolean;
}

/** What is not given stays as it is, or takes the server's default. */
export interface ServiceInput {
  readonly name: string;
  readonly image?: string | undefined;
  readonly containerPort?: number | undefined;
  readonly public?: boolean | undefined;
  readonly replicas?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly environment?: string | undefined;
}

const SERVICE = `id name image status statusMessage replicas readyReplicas url environment { name }
  latestDeployment { id state reason { code message } }`;

function operation<Data, Variables>(source: string): Operation<Data, Variables> {
  return { document: parse(source) };
}

interface ServicePage {
  readonly services: { readonly nodes: readonly Service[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } };
}

export const SERVICES = operation<ServicePage, { environment?: string | undefined; after?: string | undefined }>(`
  query apexServices($environment: String, $after: String) {
    services(environment: $environment, first: 100, after: $after) { nodes { ${SERVICE} } pageInfo { hasNextPage endCursor } }
  }`);

export const DEPLOY = operation<{ service: Service }, { input: ServiceInput }>(`
  mutation apexDeploy($input: DeployServiceInput!) { service: deployService(input: $input) { ${SERVICE} } }`);

export const UPDATE = operation<{ service: Service }, { id: string; input: ServiceInput }>(`
  mutation apexUpdate($id: ID!, $input: UpdateServiceInput!) { service: updateService(id: $id, input: $input) { ${SERVICE} } }`);

export const REDEPLOY = operation<{ service: Service }, { id: string }>(`
  mutation apexRedeploy($id: ID!) { service: redeployService(id: $id) { ${SERVICE} } }`);

export const ROLLBACK = operation<{ deployment: Deployment }, { id: string; toRelease: number }>(`
  mutation apexRollback($id: ID!, $toRelease: Int!) { deployment: rollbackService(id: $id, toRelease: $toRelease) { id state reason { code message } } }`);

export const PROMOTE = operation<{ deployment: Deployment }, { id: string; toEnvironment: string }>(`
  mutation apexPromote($id: ID!, $toEnvironment: String!) { deployment: promoteService(id: $id, toEnvironment: $toEnvironment) { id state reason { code message } } }`);

/** Newest first; `currentDeployment` tells which of them serves. */
export const RELEASES = operation<{ service: ServiceReleases }, { id: string }>(`
  query apexReleases($id: ID!) {
    service(id: $id) { currentDeployment { release } releases(first: 100) { nodes { number image digest createdAt } } }
  }`);

export const PAUSE = operation<{ service: Service }, { id: string; pause: boolean }>(`
  mutation apexPause($id: ID!, $pause: Boolean!) { service: pauseService(id: $id, pause: $pause) { ${SERVICE} } }`);

/** One step; called until it is done. */
export const ROTATE_KEYS = operation<{ rotation: { keyId: string; keys: number; values: number; done: boolean } }, { since: string }>(`
  mutation apexRotateKeys($since: DateTimeISO!) { rotation: rotateKeys(since: $since) { keyId keys values done } }`);

export const DELETE = operation<{ service: Service }, { id: string }>(`
  mutation apexDelete($id: ID!) { service: deleteService(id: $id) { ${SERVICE} } }`);

export const PROGRESS = operation<
  { progress: { event: { state: string; message: string | null }; deployment: Deployment } },
  { deploymentId: string }
>(`
  subscription apexProgress($deploymentId: ID!) {
    progress: deploymentProgress(deploymentId: $deploymentId) { event { state message } deployment { id state reason { code message } } }
  }`);

export const LOGS = operation<{ logs: LogBatch }, { serviceId: string; tail: number }>(`
  query apexLogs($serviceId: ID!, $tail: Int) {
    logs: serviceLogs(serviceId: $serviceId, tail: $tail) { lines { timestamp replica raw cut } dropped gap }
  }`);

/** Which lines are wanted. */
export interface LogFilter {
  readonly text?: string | undefined;
  readonly level?: string | undefined;
}

/** From where on a follow begins, and which lines it wants. */
export interface LogWish {
  readonly serviceId: string;
  readonly filter: LogFilter;
  readonly tail?: number | undefined;
  readonly since?: string | undefined;
}

export const FOLLOW_LOGS = operation<{ logs: LogBatch & { readonly cursor: string | null } }, LogWish & { after?: string }>(`
  subscription apexFollowLogs($serviceId: ID!, $filter: LogFilterInput, $tail: Int, $since: DateTimeISO, $after: String) {
    logs: serviceLogs(serviceId: $serviceId, filter: $filter, tail: $tail, since: $since, after: $after) { lines { timestamp replica raw cut } dropped gap cursor }
  }`);

/** A page of kept lines, newest first. */
export interface LogHistory {
  readonly history: { readonly nodes: LogBatch['lines']; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } };
}

export const LOG_HISTORY = operation<LogHistory, { serviceId: string; filter: LogFilter; since?: string | undefined; first: number; after: string | null }>(`
  query apexLogHistory($serviceId: ID!, $filter: LogFilterInput, $since: DateTimeISO, $first: Int, $after: String) {
    history: serviceLogHistory(serviceId: $serviceId, filter: $filter, since: $since, first: $first, after: $after) { nodes { timestamp replica raw cut } pageInfo { hasNextPage endCursor } }
  }`);

export const OPERATIONS = { SERVICES, DEPLOY, UPDATE, REDEPLOY, ROLLBACK, PROMOTE, RELEASES, PAUSE, DELETE, ROTATE_KEYS, PROGRESS, LOGS, FOLLOW_LOGS, LOG_HISTORY };
