import { gql, type Route } from '../route.js';

const DATABASE = `
  id name type version size status statusMessage environment { name } teamId paused
  resources { cpu memory } storage createdAt deletedAt purgeAt`;

const flatten = { environment: 'name' } as const;
const tag = 'Databases';

/** Databases that Apex runs. */
export const DATABASE_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/databases', tag, summary: 'The databases of the caller, oldest first, also deleted ones that are still kept',
    operation: gql`query listDatabases($teamId: ID, $environment: String, $first: Int, $after: String) {
      databases(teamId: $teamId, environment: $environment, first: $first, after: $after) { nodes { ${DATABASE} } pageInfo { hasNextPage endCursor } }
    }`,
    query: { teamId: 'teamId', environment: 'environment' },
    answer: ['databases', 'nodes'], flatten, page: { info: ['databases', 'pageInfo'], limit: 'first', cursor: 'after' },
  },
  {
    method: 'POST', path: '/api/databases', tag, summary: 'A new database', needsCluster: true,
    operation: gql`mutation createDatabase($input: CreateDatabaseInput!) { createDatabase(input: $input) { ${DATABASE} } }`,
    body: 'input', answer: ['createDatabase'], flatten,
  },
  {
    method: 'GET', path: '/api/databases/:id', tag, summary: 'One database',
    operation: gql`query getDatabase($id: ID!) { database(id: $id) { ${DATABASE} } }`,
    params: { id: 'id' }, answer: ['database'], flatten,
  },
  {
    method: 'DELETE', path: '/api/databases/:id', tag, needsCluster: true,
    summary: 'Delete a database; it is kept for 7 days, or not at all with `?force=` and its name',
    operation: gql`mutation deleteDatabase($id: ID!, $force: String) { deleteDatabase(id: $id, force: $force) { ${DATABASE} } }`,
    params: { id: 'id' }, query: { force: 'force' }, answer: ['deleteDatabase'], flatten,
  },
];
