import { gql, type Route } from '../route.js';

const DEPLOYMENT = 'id serviceId state reason { code message } image commit digest release trigger createdAt endedAt';
/** Fields of a service, wherever REST answers one. */
export const SERVICE = `
  id name image status replicas readyReplicas containerPort public url environment { name } teamId paused
  currentDeployment { ${DEPLOYMENT} } latestDeployment { ${DEPLOYMENT} }
  command args healthCheck { path intervalSeconds timeoutSeconds } resources { cpu memory } preDeploy { command args timeoutSeconds } deployTimeoutSeconds source { repository host branch path autoDeploy dockerfile target } statusMessage createdAt`;

export const flatten = { environment: 'name' } as const;
const tag = 'Services';

/** Services: what a user wants to run. */
export const SERVICE_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/services', tag, summary: 'The services of the caller, oldest first',
    operation: gql`query listServices($teamId: ID, $environment: String, $first: Int, $after: String) {
      services(teamId: $teamId, environment: $environment, first: $first, after: $after) { nodes { ${SERVICE} } pageInfo { hasNextPage endCursor } }
    }`,
    query: { teamId: 'teamId', environment: 'environment' },
    answer: ['services', 'nodes'], flatten, page: { info: ['services', 'pageInfo'], limit: 'first', cursor: 'after' },
  },
  {
    method: 'POST', path: '/api/deploy', tag, summary: 'Deploy an image as a new service', needsCluster: true,
    operation: gql`mutation deploy($input: DeployServiceInput!) { deployService(input: $input) { ${SERVICE} } }`,
    body: 'input', answer: ['deployService'], flatten,
  },
  {
    method: 'GET', path: '/api/services/:id', tag, summary: 'One service',
    operation: gql`query getService($id: ID!) { service(id: $id) { ${SERVICE} } }`,
    params: { id: 'id' }, answer: ['service'], flatten,
  },
  {
    method: 'PATCH', path: '/api/services/:id', tag, summary: 'Change any field of the deploy; what is not given stays', needsCluster: true,
    operation: gql`mutation updateService($id: ID!, $input: UpdateServiceInput!) { updateService(id: $id, input: $input) { ${SERVICE} } }`,
    params: { id: 'id' }, body: 'input', answer: ['updateService'], flatten,
  },
  {
    method: 'DELETE', path: '/api/services/:id', tag, summary: 'Delete the service and everything that runs for it', needsCluster: true,
    operation: gql`mutation deleteService($id: ID!) { deleteService(id: $id) { ${SERVICE} } }`,
    params: { id: 'id' }, answer: ['deleteService'], flatten,
  },
  {
    method: 'POST', path: '/api/services/:id/redeploy', tag, summary: 'Resolve the tag again and replace the pods', needsCluster: true,
    operation: gql`mutation redeployService($id: ID!) { redeployService(id: $id) { ${SERVICE} } }`,
    params: { id: 'id' }, answer: ['redeployService'], flatten,
  },
  {
    method: 'POST', path: '/api/services/:id/pause', tag, summary: 'Pause or resume', needsCluster: true,
    operation: gql`mutation pauseService($id: ID!, $pause: Boolean!) { pauseService(id: $id, pause: $pause) { ${SERVICE} } }`,
    params: { id: 'id' }, body: { pause: 'pause' }, answer: ['pauseService'], flatten,
  },
  {
    method: 'POST', path: '/api/services/:id/webhook', tag, summary: "Make a webhook of the service's own; its secret is shown this once, and the one before ends",
    operation: gql`mutation createServiceWebhook($serviceId: ID!) { createServiceWebhook(serviceId: $serviceId) { url secret } }`,
    params: { id: 'serviceId' }, answer: ['createServiceWebhook'],
  },
];
