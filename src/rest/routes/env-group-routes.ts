import { gql, type Route } from '../route.js';
import { flatten, SERVICE } from './service-routes.js';

const GROUP = 'id name keys revision teamId environment createdAt';
const VALUE = 'key value origin groupName';
const tag = 'Environment groups';

/** Environment groups: variables that several services share. */
export const ENV_GROUP_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/env-groups', tag, summary: 'The groups of the caller: names and keys, never a value',
    operation: gql`query listEnvGroups($teamId: ID) { envGroups(teamId: $teamId) { ${GROUP} } }`,
    query: { teamId: 'teamId' }, answer: ['envGroups'],
  },
  {
    method: 'POST', path: '/api/env-groups', tag, summary: 'Make a group of variables',
    operation: gql`mutation createEnvGroup($input: CreateEnvGroupInput!) { createEnvGroup(input: $input) { ${GROUP} } }`,
    body: 'input', answer: ['createEnvGroup'],
  },
  {
    method: 'GET', path: '/api/env-groups/:id', tag, summary: 'One group',
    operation: gql`query getEnvGroup($id: ID!) { envGroup(id: $id) { ${GROUP} } }`,
    params: { id: 'id' }, answer: ['envGroup'],
  },
  {
    method: 'PATCH', path: '/api/env-groups/:id', tag, summary: 'Change a group; with `redeploy` each service that has it attached is deployed anew', needsCluster: true,
    operation: gql`mutation updateEnvGroup($id: ID!, $input: UpdateEnvGroupInput!) { updateEnvGroup(id: $id, input: $input) { ${GROUP} } }`,
    params: { id: 'id' }, body: 'input', answer: ['updateEnvGroup'],
  },
  {
    method: 'DELETE', path: '/api/env-groups/:id', tag, summary: 'Delete a group; while it is attached only with `?force=true`',
    operation: gql`mutation deleteEnvGroup($id: ID!, $force: Boolean) { deleteEnvGroup(id: $id, force: $force) { ${GROUP} } }`,
    params: { id: 'id' }, query: { force: 'force' }, answer: ['deleteEnvGroup'],
  },
  {
    method: 'POST', path: '/api/env-groups/:id/reveal', tag, summary: "The values of a group; each look is in the team's log",
    operation: gql`mutation revealEnvGroup($id: ID!) { revealEnvGroup(id: $id) { ${VALUE} } }`,
    params: { id: 'id' }, answer: ['revealEnvGroup'],
  },
  {
    method: 'POST', path: '/api/services/:id/attach-group/:groupId', tag, summary: "Give a service a group's variables, in a new rollout", needsCluster: true,
    operation: gql`mutation attachEnvGroup($id: ID!, $groupId: ID!) { attachEnvGroup(serviceId: $id, groupId: $groupId) { ${SERVICE} } }`,
    params: { id: 'id', groupId: 'groupId' }, answer: ['attachEnvGroup'], flatten,
  },
  {
    method: 'DELETE', path: '/api/services/:id/attach-group/:groupId', tag, summary: "Take a group's variables away, in a new rollout", needsCluster: true,
    operation: gql`mutation detachEnvGroup($id: ID!, $groupId: ID!) { detachEnvGroup(serviceId: $id, groupId: $groupId) { ${SERVICE} } }`,
    params: { id: 'id', groupId: 'groupId' }, answer: ['detachEnvGroup'], flatten,
  },
  {
    method: 'POST', path: '/api/services/:id/order-groups', tag, summary: 'The order of its groups, in a new rollout: a later one wins', needsCluster: true,
    operation: gql`mutation orderEnvGroups($id: ID!, $groupIds: [ID!]!) { orderEnvGroups(serviceId: $id, groupIds: $groupIds) { ${SERVICE} } }`,
    params: { id: 'id' }, body: { groupIds: 'groupIds' }, answer: ['orderEnvGroups'], flatten,
  },
  {
    method: 'GET', path: '/api/services/:id/variables', tag, summary: 'What the next deployment of a service would get, and from where; never values',
    operation: gql`query listVariables($id: ID!) { service(id: $id) { effectiveVariables { key origin groupId groupName revision } } }`,
    params: { id: 'id' }, answer: ['service', 'effectiveVariables'],
  },
  {
    method: 'POST', path: '/api/services/:id/variables/reveal', tag, summary: "The values that a service gets; each look is in the team's log",
    operation: gql`mutation revealVariables($id: ID!) { revealVariables(serviceId: $id) { ${VALUE} } }`,
    params: { id: 'id' }, answer: ['revealVariables'],
  },
];
