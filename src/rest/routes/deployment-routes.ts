import { gql, type Route } from '../route.js';

const DEPLOYMENT = `
  id serviceId state reason { code message lastLines } image commit digest release trigger
  steps { name state startedAt endedAt message } createdAt endedAt`;
const tag = 'Deployments';

/** Deployments: each one attempt, which ends exactly once. */
export const DEPLOYMENT_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/services/:id/deployments', tag, summary: 'The deployments of a service, newest first',
    operation: gql`query listDeployments($serviceId: ID!, $first: Int, $after: String) {
      deployments(serviceId: $serviceId, first: $first, after: $after) { nodes { ${DEPLOYMENT} } pageInfo { hasNextPage endCursor } }
    }`,
    params: { id: 'serviceId' },
    answer: ['deployments', 'nodes'], page: { info: ['deployments', 'pageInfo'], limit: 'first', cursor: 'after' },
  },
  {
    method: 'GET', path: '/api/deployments/:id', tag, summary: 'One deployment; `?wait=N` answers when it has ended, at the latest after N seconds',
    operation: gql`query getDeployment($id: ID!) { deployment(id: $id) { ${DEPLOYMENT} } }`,
    params: { id: 'id' }, answer: ['deployment'],
    wait: {
      operation: gql`subscription waitForDeployment($id: ID!) { deploymentProgress(deploymentId: $id) { deployment { state } } }`,
      params: { id: 'id' },
      state: ['deploymentProgress', 'deployment', 'state'],
      done: new Set(['LIVE', 'FAILED', 'CANCELED', 'SUPERSEDED']),
    },
  },
  {
    method: 'GET', path: '/api/services/:id/releases', tag, summary: 'The releases of a service, newest first: what it ran, exactly',
    operation: gql`query listReleases($id: ID!, $first: Int, $after: String) {
      service(id: $id) { releases(first: $first, after: $after) {
        nodes { id number image digest command args containerPort healthCheck { path intervalSeconds timeoutSeconds } resources { cpu memory } preDeploy { command args timeoutSeconds } manifestHash variables { key revision group } createdAt }
        pageInfo { hasNextPage endCursor }
      } }
    }`,
    params: { id: 'id' },
    answer: ['service', 'releases', 'nodes'], page: { info: ['service', 'releases', 'pageInfo'], limit: 'first', cursor: 'after' },
  },
  {
    method: 'POST', path: '/api/services/:id/rollback', tag, summary: 'Deploy an earlier release as it was: the same digest and the same variables', needsCluster: true,
    operation: gql`mutation rollback($id: ID!, $release: Int!) { rollbackService(id: $id, toRelease: $release) { ${DEPLOYMENT} } }`,
    params: { id: 'id' }, body: { release: 'release' }, answer: ['rollbackService'],
  },
  {
    method: 'POST', path: '/api/services/:id/promote', tag, summary: 'Deploy what serves here in another environment, with the variables of there', needsCluster: true,
    operation: gql`mutation promote($id: ID!, $environment: String!) { promoteService(id: $id, toEnvironment: $environment) { ${DEPLOYMENT} } }`,
    params: { id: 'id' }, body: { environment: 'environment' }, answer: ['promoteService'],
  },
  {
    method: 'POST', path: '/api/deployments/:id/cancel', tag, summary: 'Cancel a deployment that has not ended',
    operation: gql`mutation cancelDeployment($id: ID!) { cancelDeployment(id: $id) { ${DEPLOYMENT} } }`,
    params: { id: 'id' }, answer: ['cancelDeployment'],
  },
];
