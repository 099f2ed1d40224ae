/** The operations that several test files run. */
const SERVICE = `
  id teamId name image status replicas readyReplicas containerPort public url paused command args statusMessage createdAt source { repository branch path autoDeploy }
  healthCheck { path intervalSeconds timeoutSeconds } resources { cpu memory } environment { id name }
  currentDeployment { id } latestDeployment { id state trigger image release reason { code message } endedAt }`;

export const DEPLOY = `mutation ($input: DeployServiceInput!) { deployService(input: $input) { ${SERVICE} } }`;
export const UPDATE = `mutation ($id: ID!, $input: UpdateServiceInput!) { updateService(id: $id, input: $input) { ${SERVICE} } }`;
export const DELETE = `mutation ($id: ID!) { deleteService(id: $id) { id status } }`;
export const REDEPLOY = `mutation ($id: ID!) { redeployService(id: $id) { ${SERVICE} } }`;
export const PAUSE = `mutation ($id: ID!, $pause: Boolean!) { pauseService(id: $id, pause: $pause) { ${SERVICE} } }`;
export const GET = `query ($id: ID!) { service(id: $id) { ${SERVICE} } }`;
export const LIST = `
  query ($teamId: ID, $environment: String, $first: Int, $after: String) {
    services(teamId: $teamId, environment: $environment, first: $first, after: $after) { nodes { ${SERVICE} } edges { cursor node { id } } pageInfo { hasNextPage endCursor } }
  }`;
export const CANCEL = `mutation ($id: ID!) { cancelDeployment(id: $id) { id state reason { code message } endedAt } }`;
export const DEPLOYMENTS = `
  query ($serviceId: ID!, $first: Int, $after: String) {
    deployments(serviceId: $serviceId, first: $first, after: $after) { nodes { id serviceId state trigger image digest release reason { code message } steps { name state message } } pageInfo { hasNextPage endCursor } }
  }`;
export const DEPLOYMENT = `query ($id: ID!) { deployment(id: $id) { id state steps { name state } } }`;
export const ENVIRONMENTS = `query ($teamId: ID) { environments(teamId: $teamId) { id name teamId } }`;
export const CREATE_ENVIRONMENT = `mutation ($input: CreateEnvironmentInput!) { createEnvironment(input: $input) { id name teamId } }`;
export const DELETE_ENVIRONMENT = `mutation ($id: ID!) { deleteEnvironment(id: $id) { id name } }`;
export const LOGS = `query ($serviceId: ID!, $tail: Int) { serviceLogs(serviceId: $serviceId, tail: $tail) { lines { message } dropped gap cursor } }`;
export const CREATE_TOKEN = `mutation ($input: CreateTokenInput) { createToken(input: $input) { id token name scopes expiresAt teamId } }`;
export const REVOKE_TOKEN = `mutation ($id: ID!) { revokeToken(id: $id) { id revokedAt } }`;
export const TOKENS = `query { tokens { id name prefix scopes teamId expiresAt lastUsedAt } }`;
export const TEAMS = `query { teams { id name personal role } }`;
export const TEAM = `query ($id: ID!) { team(id: $id) { id name role members { id } } }`;
export const MEMBERS = `query ($id: ID!) { team(id: $id) { members { id accountId name email role status inviteUrl expiresAt } } }`;
export const CREATE_TEAM = `mutation ($input: CreateTeamInput!) { createTeam(input: $input) { id name role personal } }`;
export const UPDATE_TEAM = `mutation ($id: ID!, $input: UpdateTeamInput!) { updateTeam(id: $id, input: $input) { id name role } }`;
export const DELETE_TEAM = `mutation ($id: ID!, $confirm: String) { deleteTeam(id: $id, confirm: $confirm) { id name } }`;
export const LEAVE_TEAM = `mutation ($id: ID!) { leaveTeam(id: $id) { id name } }`;
export const ADD_MEMBER = `mutation ($teamId: ID!, $input: AddTeamMemberInput!) { addTeamMember(teamId: $teamId, input: $input) { id email role status inviteUrl expiresAt } }`;
export const CHANGE_MEMBER = `mutation ($teamId: ID!, $id: ID!, $input: ChangeMemberInput!) { changeMemberRole(teamId: $teamId, id: $id, input: $input) { id role status } }`;
export const REMOVE_MEMBER = `mutation ($teamId: ID!, $id: ID!) { removeTeamMember(teamId: $teamId, id: $id) { id email } }`;
export const ACCEPT = `mutation ($token: String!, $name: String, $password: String!) { acceptInvitation(token: $token, name: $name, password: $password) { account { id name email } team { id role } token } }`;
export const DELIVERIES = `
  query ($teamId: ID, $serviceId: ID, $first: Int, $after: String) {
    webhookDeliveries(teamId: $teamId, serviceId: $serviceId, first: $first, after: $after) {
      nodes { id deliveryId verdict event action repository ref commit outcome message replayOf effects { message service { id status readyReplicas } deployment { id state trigger commit } } }
      pageInfo { hasNextPage endCursor }
    }
  }`;
export const REDELIVER = `mutation ($id: ID!) { redeliverWebhook(id: $id) { id deliveryId verdict outcome message replayOf effects { message service { id } deployment { id state trigger commit } } } }`;
export const SERVICE_WEBHOOK = `mutation ($serviceId: ID!) { createServiceWebhook(serviceId: $serviceId) { url secret } }`;
export const RECEIVE = `mutation ($input: ForgeEventInput!) { receiveGithubEvent(input: $input) { deliveryId outcome deployments } }`;
export const VIEWER = `query { viewer { id name isOperator } }`;

export const ON_SERVICE = `subscription ($serviceId: ID!) { serviceChanged(serviceId: $serviceId) { id status replicas paused } }`;
export const ON_DEPLOYMENT = `
  subscription ($deploymentId: ID!, $after: String) {
    deploymentProgress(deploymentId: $deploymentId, after: $after) { cursor event { number state step stepState message } deployment { id state } }
  }`;
export const ON_LOGS = `
  subscription ($serviceId: ID!, $filter: LogFilterInput, $tail: Int, $after: String) {
    serviceLogs(serviceId: $serviceId, filter: $filter, tail: $tail, after: $after) { lines { message stream replica cursor } dropped gap cursor }
  }`;

const DATABASE = 'id teamId name type version size status statusMessage storage paused resources { cpu memory } environment { id name } createdAt deletedAt purgeAt';
export const CREATE_DATABASE = `mutation ($input: CreateDatabaseInput!) { createDatabase(input: $input) { ${DATABASE} } }`;
export const DATABASE_OF = `query ($id: ID!) { database(id: $id) { ${DATABASE} } }`;
export const DATABASES = `query ($teamId: ID, $environment: String) { databases(teamId: $teamId, environment: $environment) { nodes { ${DATABASE} } } }`;
export const CONNECTION = `query ($id: ID!) { databaseConnection(id: $id) { databaseId host port username password database url } }`;
export const DELETE_DATABASE = `mutation ($id: ID!, $force: String, $finalBackup: Boolean! = true) { deleteDatabase(id: $id, force: $force, finalBackup: $finalBackup) { ${DATABASE} finalBackupId lastBackup { id state trigger message } } }`;
export const UNDELETE_DATABASE = `mutation ($id: ID!) { undeleteDatabase(id: $id) { ${DATABASE} } }`;
export const PAUSE_DATABASE = `mutation ($id: ID!, $pause: Boolean!) { pauseDatabase(id: $id, pause: $pause) { ${DATABASE} } }`;
export const RESIZE_DATABASE = `mutation ($id: ID!, $input: ResizeDatabaseInput!) { resizeDatabase(id: $id, input: $input) { ${DATABASE} } }`;
export const ROTATE_DATABASE = `mutation ($id: ID!) { rotateDatabaseCredentials(id: $id) { ${DATABASE} } }`;
export const LINK_DATABASE = `mutation ($serviceId: ID!, $databaseId: ID!, $as: String! = "DATABASE_URL") { linkDatabase(serviceId: $serviceId, databaseId: $databaseId, as: $as) { id latestDeployment { id state } } }`;

/** The documented example of a database. */
export const MY_POSTGRES = { name: 'my-postgres', type: 'postgres', size: 'small' };

/** The documented example. */
export const MY_SERVICE = { name: 'my-service', image: 'nginx:alpine', containerPort: 80, public: true, replicas: 2, env: { NODE_ENV: 'production' } };

const PREVIEW = `id repository number url branch commit fork state message notes approvedCommit closesAt closedAt
  environment { id name kind } services { id name image public url replicas source { repository branch } environment { id } latestDeployment { id state trigger commit } } databases { id name type size status environment { name kind protected } }`;
export const PREVIEWS = `query ($teamId: ID, $state: PreviewState, $first: Int, $after: String) { previews(teamId: $teamId, state: $state, first: $first, after: $after) { nodes { ${PREVIEW} } pageInfo { hasNextPage endCursor } } }`;
export const APPROVE_PREVIEW = `mutation ($id: ID!, $commit: String!) { approvePreview(id: $id, commit: $commit) { ${PREVIEW} } }`;
export const CLOSE_PREVIEW = `mutation ($id: ID!) { closePreview(id: $id) { ${PREVIEW} } }`;
export const CLOSE_IDLE = 'mutation { closeIdlePreviews }';
export const RECEIVE_GITEA = `mutation ($input: ForgeEventInput!) { receiveGiteaEvent(input: $input) { deliveryId outcome deployments } }`;
