import { gql, type Route } from '../route.js';

const TEAM = 'id name role personal createdAt';
const MEMBER = 'id teamId accountId name email role status inviteUrl expiresAt createdAt';
const tag = 'Teams';

/** Teams, their members, and the way in. */
export const TEAM_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/teams', tag, summary: 'The teams of the caller, with its role in each',
    operation: gql`query listTeams { teams { ${TEAM} } }`,
    answer: ['teams'],
  },
  {
    method: 'POST', path: '/api/teams', tag, summary: 'Make a team; the caller is its first owner',
    operation: gql`mutation createTeam($input: CreateTeamInput!) { createTeam(input: $input) { ${TEAM} } }`,
    body: 'input', answer: ['createTeam'],
  },
  {
    method: 'GET', path: '/api/teams/:id', tag, summary: 'One team',
    operation: gql`query getTeam($id: ID!) { team(id: $id) { ${TEAM} } }`,
    params: { id: 'id' }, answer: ['team'],
  },
  {
    method: 'PATCH', path: '/api/teams/:id', tag, summary: 'Rename a team',
    operation: gql`mutation updateTeam($id: ID!, $input: UpdateTeamInput!) { updateTeam(id: $id, input: $input) { ${TEAM} } }`,
    params: { id: 'id' }, body: 'input', answer: ['updateTeam'],
  },
  {
    method: 'DELETE', path: '/api/teams/:id', tag, summary: 'Delete a team; while it owns anything only with `?confirm=` and its name, and then all of it',
    operation: gql`mutation deleteTeam($id: ID!, $confirm: String) { deleteTeam(id: $id, confirm: $confirm) { ${TEAM} } }`,
    params: { id: 'id' }, query: { confirm: 'confirm' }, answer: ['deleteTeam'],
  },
  {
    method: 'POST', path: '/api/teams/:id/leave', tag, summary: 'Leave a team',
    operation: gql`mutation leaveTeam($id: ID!) { leaveTeam(id: $id) { ${TEAM} } }`,
    params: { id: 'id' }, answer: ['leaveTeam'],
  },
  {
    method: 'GET', path: '/api/teams/:id/members', tag, summary: 'The members of a team and, for an ADMIN, who is invited',
    operation: gql`query listMembers($id: ID!) { team(id: $id) { members { ${MEMBER} } } }`,
    params: { id: 'id' }, answer: ['team', 'members'],
  },
  {
    method: 'POST', path: '/api/teams/:id/members', tag, summary: 'Add the account of an e-mail address, or invite who has none',
    operation: gql`mutation addTeamMember($id: ID!, $input: AddTeamMemberInput!) { addTeamMember(teamId: $id, input: $input) { ${MEMBER} } }`,
    params: { id: 'id' }, body: 'input', answer: ['addTeamMember'],
  },
  {
    method: 'PATCH', path: '/api/teams/:id/members/:memberId', tag, summary: 'Change the role of a member',
    operation: gql`mutation changeMemberRole($id: ID!, $memberId: ID!, $input: ChangeMemberInput!) { changeMemberRole(teamId: $id, id: $memberId, input: $input) { ${MEMBER} } }`,
    params: { id: 'id', memberId: 'memberId' }, body: 'input', answer: ['changeMemberRole'],
  },
  {
    method: 'DELETE', path: '/api/teams/:id/members/:memberId', tag, summary: 'Remove a member, or take an invitation back',
    operation: gql`mutation removeTeamMember($id: ID!, $memberId: ID!) { removeTeamMember(teamId: $id, id: $memberId) { ${MEMBER} } }`,
    params: { id: 'id', memberId: 'memberId' }, answer: ['removeTeamMember'],
  },
  {
    method: 'POST', path: '/api/invitations/accept', tag, summary: 'Come into a team by an invitation: answers an account and its first token', isPublic: true,
    operation: gql`mutation acceptInvitation($token: String!, $name: String, $password: String!) {
      acceptInvitation(token: $token, name: $name, password: $password) { account { id name email createdAt } team { ${TEAM} } token }
    }`,
    body: { token: 'token', name: 'name', password: 'password' }, answer: ['acceptInvitation'],
  },
];
