import { gql, type Route } from '../route.js';

const TOKEN = 'id kind name prefix scopes teamId serviceId role expiresAt lastUsedAt createdAt';

/** Tokens and environments. */
export const ACCOUNT_ROUTES: readonly Route[] = [
  {
    method: 'POST', path: '/api/account/token', tag: 'Account', summary: 'Make an API token; its secret is shown this once',
    operation: gql`mutation createToken($input: CreateTokenInput) { createToken(input: $input) { token id kind name scopes expiresAt teamId serviceId role } }`,
    body: 'input', answer: ['createToken'],
  },
  {
    method: 'GET', path: '/api/account/token', tag: 'Account', summary: 'The tokens of the account, newest first, never their secrets',
    operation: gql`query listTokens { tokens { ${TOKEN} } }`,
    answer: ['tokens'],
  },
  {
    method: 'DELETE', path: '/api/account/token/:id', tag: 'Account', summary: 'Revoke a token at once',
    operation: gql`mutation revokeToken($id: ID!) { revokeToken(id: $id) { ${TOKEN} revokedAt } }`,
    params: { id: 'id' }, answer: ['revokeToken'],
  },
  {
    method: 'GET', path: '/api/environments', tag: 'Environments', summary: 'The environments of all teams of the caller, or of one',
    operation: gql`query listEnvironments($teamId: ID) { environments(teamId: $teamId) { id name teamId createdAt } }`,
    query: { teamId: 'teamId' }, answer: ['environments'],
  },
];
