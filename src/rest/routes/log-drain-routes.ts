import { gql, type Route } from '../route.js';

const DRAIN = 'id teamId name url sent dropped lastError lastErrorAt lastSentAt createdAt';

/** Where a team sends its logs. */
export const LOG_DRAIN_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/teams/:id/log-drains', tag: 'Teams', summary: 'Where a team sends its logs, and how that goes; never a token',
    operation: gql`query logDrains($teamId: ID!) { logDrains(teamId: $teamId) { ${DRAIN} } }`,
    params: { id: 'teamId' },
    answer: ['logDrains'],
  },
  {
    method: 'POST', path: '/api/log-drains', tag: 'Teams', summary: "Sends a team's log lines somewhere from now on",
    operation: gql`mutation createLogDrain($input: CreateLogDrainInput!) { createLogDrain(input: $input) { ${DRAIN} } }`,
    body: 'input',
    answer: ['createLogDrain'],
  },
  {
    method: 'PATCH', path: '/api/log-drains/:id', tag: 'Teams', summary: 'Changes a drain',
    operation: gql`mutation updateLogDrain($id: ID!, $input: UpdateLogDrainInput!) { updateLogDrain(id: $id, input: $input) { ${DRAIN} } }`,
    params: { id: 'id' },
    body: 'input',
    answer: ['updateLogDrain'],
  },
  {
    method: 'DELETE', path: '/api/log-drains/:id', tag: 'Teams', summary: 'Ends a drain',
    operation: gql`mutation deleteLogDrain($id: ID!) { deleteLogDrain(id: $id) { ${DRAIN} } }`,
    params: { id: 'id' },
    answer: ['deleteLogDrain'],
  },
];
