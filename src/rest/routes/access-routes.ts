import { gql, type Route } from '../route.js';

const CREDENTIAL = 'id registry username teamId createdAt';
const QUOTA = 'environments pods cpu memory volumes';
const ENVIRONMENT = 'id name teamId protected createdAt';

/** What guards a team: protected environments, ways into registries, machines, and the log of who did what. */
export const ACCESS_ROUTES: readonly Route[] = [
  {
    method: 'PATCH', path: '/api/environments/:id', tag: 'Environments', summary: 'Protect an environment, or no longer',
    operation: gql`mutation updateEnvironment($id: ID!, $input: UpdateEnvironmentInput!) { updateEnvironment(id: $id, input: $input) { ${ENVIRONMENT} } }`,
    params: { id: 'id' }, body: 'input', answer: ['updateEnvironment'],
  },
  {
    method: 'GET', path: '/api/teams/:id/quota', tag: 'Teams', summary: "A team's limits: its number of environments, and what each of them may hold",
    operation: gql`query teamQuota($id: ID!) { team(id: $id) { quota { ${QUOTA} } } }`,
    params: { id: 'id' }, answer: ['team', 'quota'],
  },
  {
    method: 'PATCH', path: '/api/teams/:id/quota', tag: 'Teams', summary: 'Change the limits of a team; only the operator may. null is the default of the installation again',
    operation: gql`mutation setTeamQuota($id: ID!, $input: TeamQuotaInput!) { setTeamQuota(teamId: $id, input: $input) { ${QUOTA} } }`,
    params: { id: 'id' }, body: 'input', answer: ['setTeamQuota'],
  },
  {
    method: 'GET', path: '/api/teams/:id/machines', tag: 'Teams', summary: 'The machines of a team, newest first, never their secrets',
    operation: gql`query listMachines($id: ID!) { machines(teamId: $id) { id name prefix scopes role serviceId expiresAt lastUsedAt createdAt } }`,
    params: { id: 'id' }, answer: ['machines'],
  },
  {
    method: 'GET', path: '/api/teams/:id/registry-credentials', tag: 'Teams', summary: "A team's ways into private registries, never a password",
    operation: gql`query listRegistryCredentials($id: ID!) { registryCredentials(teamId: $id) { ${CREDENTIAL} } }`,
    params: { id: 'id' }, answer: ['registryCredentials'],
  },
  {
    method: 'POST', path: '/api/registry-credentials', tag: 'Teams', summary: 'Give a team its way into a private registry',
    operation: gql`mutation setRegistryCredential($input: SetRegistryCredentialInput!) { setRegistryCredential(input: $input) { ${CREDENTIAL} } }`,
    body: 'input', answer: ['setRegistryCredential'],
  },
  {
    method: 'DELETE', path: '/api/registry-credentials/:id', tag: 'Teams', summary: 'Take a way into a registry away',
    operation: gql`mutation deleteRegistryCredential($id: ID!) { deleteRegistryCredential(id: $id) { ${CREDENTIAL} } }`,
    params: { id: 'id' }, answer: ['deleteRegistryCredential'],
  },
  {
    method: 'GET', path: '/api/teams/:id/audit-log', tag: 'Teams', ndjson: true,
    summary: 'Who did what in the team, newest first; all of it as NDJSON with `Accept: application/x-ndjson`',
    operation: gql`query auditLog($id: ID!, $filter: AuditFilterInput, $first: Int, $after: String) {
      team(id: $id) {
        auditLog(filter: $filter, first: $first, after: $after) {
          nodes { id createdAt actor accountId tokenId action targetKind targetId targetName outcome before after ip door requestId }
          pageInfo { hasNextPage endCursor }
        }
      }
    }`,
    params: { id: 'id' },
    query: { action: 'filter.action', accountId: 'filter.accountId', targetId: 'filter.targetId', outcome: 'filter.outcome', since: 'filter.since', until: 'filter.until' },
    answer: ['team', 'auditLog', 'nodes'], page: { info: ['team', 'auditLog', 'pageInfo'], limit: 'first', cursor: 'after' },
  },
];
