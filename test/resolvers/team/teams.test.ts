import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Role } from '../../../src/entities/roles.js';
import {
  ACCEPT, ADD_MEMBER, CHANGE_MEMBER, CREATE_ENVIRONMENT, CREATE_TEAM, DELETE_TEAM, DEPLOY, ENVIRONMENTS, GET, LEAVE_TEAM, LIST, MEMBERS, ON_SERVICE, REMOVE_MEMBER, TEAMS, UPDATE_TEAM, VIEWER,
} from '../../support/operations.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';

const PASSWORD = 'correct horse battery';

describe('teams', () => {
  let api: TestApi;
  let ada: TestAccount;
  let team: string;

  beforeAll(async () => {
    api = await TestApi.start();
    ada = await api.account('Ada');
    team = (await api.run(ada.token, CREATE_TEAM, { input: { name: 'Engineering' } })).data.createTeam.id;
  });
  afterAll(() => api.stop());

  const add = (email: string, role: string, by = ada.token, teamId = team) => api.run(by, ADD_MEMBER, { teamId, input: { email, role } });
  const members = async (by = ada.token, id = team): Promise<any[]> => (await api.run(by, MEMBERS, { id })).data.team.members;
  const linkToken = (url: string) => new URL(url).searchParams.get('token')!;
  const accept = (url: string, name: string | null = 'New', password = PASSWORD) => api.run(null, ACCEPT, { token: linkToken(url), name, password });
  const join = async (name: string, role: Role, teamId = team) => {
    const account = await api.account(name);
    const { data } = await add(account.email, role, ada.token, teamId);
    return { ...account, membership: data.addTeamMember.id as string };
  };
  const newTeam = async (name: string, by = ada.token) => (await api.run(by, CREATE_TEAM, { input: { name } })).data.createTeam.id as string;

  test('a new one is its maker\'s, with production and a key, and things are deployed in it', async () => {
    expect((await api.run(ada.token, TEAMS)).data.teams).toMatchObject([{ personal: true, role: 'OWNER' }, { id: team, name: 'Engineering', role: 'OWNER', personal: false }]);
    expect((await api.run(ada.token, ENVIRONMENTS, { teamId: team })).data.environments).toMatchObject([{ name: 'production', teamId: team }]);
    const { data } = await api.run(ada.token, DEPLOY, { input: { name: 'web', image: 'nginx', teamId: team, env: { A: '1' } } });
    expect(data.deployService).toMatchObject({ teamId: team, environment: { name: 'production' } });
    expect((await api.run(ada.token, LIST, { teamId: team })).data.services.nodes).toHaveLength(1);
    expect((await api.run(ada.token, LIST, { teamId: ada.teamId })).data.services.nodes).toEqual([]);
  });

  test.each([
    ['must not be empty', ' '],
    ['must be at most 100 characters', 'x'.repeat(101)],
    ['must not hold control characters', 'a\nb'],
  ])('a name that %s is refused', async (message, name) => {
    expect((await api.run(ada.token, CREATE_TEAM, { input: { name } })).faults).toEqual([{ path: 'name', message }]);
    expect((await api.run(ada.token, UPDATE_TEAM, { id: team, input: { name } })).faults).toEqual([{ path: 'name', message }]);
  });

  test('the account of a known address is a member at once', async () => {
    const bob = await api.account('Bob');
    const { data } = await add(bob.email.toUpperCase(), 'DEVELOPER');
    expect(data.addTeamMember).toMatchObject({ email: bob.email, role: 'DEVELOPER', status: 'ACTIVE', inviteUrl: null, expiresAt: null });
    expect((await api.run(bob.token, LIST)).data.services.nodes).toHaveLength(1);
    expect((await add(bob.email, 'VIEWER')).faults).toEqual([{ path: 'email', message: 'is already a member of this team' }]);
  });

  test('an unknown address becomes an invitation, shown once and accepted once', async () => {
    const { addTeamMember: invited } = (await add('carol@example.com', 'DEVELOPER')).data;
    expect(invited).toMatchObject({ email: 'carol@example.com', role: 'DEVELOPER', status: 'PENDING' });
    expect(invited.inviteUrl).toMatch(/^https:\/\/apex\.example\/invitation\?token=apex_[\w-]{43}$/);
    expect(Date.parse(invited.expiresAt)).toBeGreaterThan(Date.now());
    expect((await members()).find(({ id }) => id === invited.id)).toMatchObject({ status: 'PENDING', inviteUrl: null });
    const { acceptInvitation } = (await accept(invited.inviteUrl, 'Carol')).data;
    expect(acceptInvitation).toMatchObject({ account: { name: 'Carol', email: 'carol@example.com' }, team: { id: team, role: 'DEVELOPER' } });
    expect((await api.run(acceptInvitation.token, VIEWER)).data.viewer.id).toBe(acceptInvitation.account.id);
    expect((await api.run(acceptInvitation.token, TEAMS)).data.teams.map(({ personal }: any) => personal)).toEqual([false, true]);
    const before = await api.counts();
    expect((await accept(invited.inviteUrl, 'Mallory')).code).toBe('BAD_REQUEST');
    expect(await api.counts()).toEqual({ ...before, 'public.costly_call': expect.any(Number) });
  });

  test('the link is kept nowhere, and a link to an address with an account opens with its password only', async () => {
    const { inviteUrl } = (await add('dora@example.com', 'VIEWER')).data.addTeamMember;
    expect(JSON.stringify(await api.em.execute('select * from invitation'))).not.toContain(linkToken(inviteUrl));
    const other = await newTeam('Other');
    const second = (await add('dora@example.com', 'ADMIN', ada.token, other)).data.addTeamMember.inviteUrl;
    const { account } = (await accept(inviteUrl, 'Dora')).data.acceptInvitation;
    expect((await accept(second, null, 'another password')).message).toContain('There is an account of this e-mail address');
    expect((await accept(second, null)).data.acceptInvitation).toMatchObject({ account: { id: account.id }, team: { id: other, role: 'ADMIN' } });
  });

  test('one that was taken back, replaced or is over is refused alike', async () => {
    const links = [];
    for (const email of ['gone@example.com', 'over@example.com', 'twice@example.com']) links.push((await add(email, 'VIEWER')).data.addTeamMember);
    await api.run(ada.token, REMOVE_MEMBER, { teamId: team, id: links[0].id });
    await api.em.execute(`update invitation set expires_at = now() where id = ?`, [links[1].id]);
    await add('twice@example.com', 'VIEWER');
    await api.em.execute('delete from costly_call');
    const answers = await Promise.all([...links.map(({ inviteUrl }) => accept(inviteUrl)), accept(`https://x/?token=apex_${'x'.repeat(43)}`)]);
    expect(new Set(answers.map(({ code, message }) => `${code} ${message}`)).size).toBe(1);
    expect(answers[0]!.code).toBe('BAD_REQUEST');
    expect((await members()).map(({ email }) => email)).not.toContain('over@example.com');
  });

  test.each([
    ['password', 'must be at least 12 characters', { password: 'short' }],
    ['name', 'must not be empty', { name: ' ' }],
    ['name', 'is required: the account is new', { name: null }],
  ])('a fault of %s (%s) uses nothing up', async (path, message, given) => {
    const { inviteUrl } = (await add('fault@example.com', 'VIEWER')).data.addTeamMember;
    const before = await api.counts();
    await api.em.execute('delete from costly_call');
    const answer = await api.run(null, ACCEPT, { token: linkToken(inviteUrl), name: 'F', password: PASSWORD, ...given });
    expect(answer.faults).toEqual([{ path, message }]);
    expect(answer.text).not.toContain('short');
    expect(await api.counts()).toMatchObject({ 'public.account': before['public.account'], 'public.token': before['public.token'] });
  });

  test('guessing links is limited for each address', async () => {
    await api.em.execute('delete from costly_call');
    const codes = [];
    for (let attempt = 0; attempt < 12; attempt += 1) codes.push((await accept(`https://x/?token=apex_${'y'.repeat(43)}`)).code);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2);
    await api.em.execute('delete from costly_call');
  });

  test('nobody gives, changes or takes a role above the own; those below see no invitation', async () => {
    const admin = await join('Admin', Role.ADMIN);
    const viewer = await join('Viewer', Role.VIEWER);
    expect((await add('owner@example.com', 'OWNER', admin.token)).code).toBe('FORBIDDEN');
    await add('owner@example.com', 'OWNER');
    expect((await add('owner@example.com', 'VIEWER', admin.token)).code).toBe('FORBIDDEN');
    const invited = (await members(admin.token)).find(({ email }) => email === 'owner@example.com');
    const own = (await members()).find(({ accountId }) => accountId === ada.id);
    for (const { id } of [invited, own]) {
      expect((await api.run(admin.token, CHANGE_MEMBER, { teamId: team, id, input: { role: 'VIEWER' } })).code).toBe('FORBIDDEN');
      expect((await api.run(admin.token, REMOVE_MEMBER, { teamId: team, id })).code).toBe('FORBIDDEN');
    }
    expect((await api.run(admin.token, CHANGE_MEMBER, { teamId: team, id: viewer.membership, input: { role: 'OWNER' } })).code).toBe('FORBIDDEN');
    expect((await api.run(admin.token, CHANGE_MEMBER, { teamId: team, id: viewer.membership, input: { role: 'DEVELOPER' } })).data.changeMemberRole.role).toBe('DEVELOPER');
    expect((await members(viewer.token)).filter(({ status }) => status === 'PENDING')).toEqual([]);
    expect((await members(admin.token)).filter(({ inviteUrl }) => inviteUrl !== null)).toEqual([]);
  });

  test('the last owner stays, also when two go at once', async () => {
    const id = await newTeam('Two owners');
    const bob = await join('Bob', Role.OWNER, id);
    const codes = (await Promise.all([api.run(ada.token, LEAVE_TEAM, { id }), api.run(bob.token, LEAVE_TEAM, { id })])).map(({ code }) => code);
    expect(codes.sort()).toEqual(['BAD_REQUEST', undefined].sort());
    const owners = await api.em.execute<any[]>(`select id, account_id from membership where team_id = ?`, [id]);
    expect(owners).toHaveLength(1);
    const token = owners[0].account_id === ada.id ? ada.token : bob.token;
    for (const answer of [
      await api.run(token, CHANGE_MEMBER, { teamId: id, id: owners[0].id, input: { role: 'ADMIN' } }),
      await api.run(token, REMOVE_MEMBER, { teamId: id, id: owners[0].id }),
    ]) expect(answer.message).toContain('The last owner of a team stays');
  });

  test('a removed member is out at once: lists, streams and tokens that were held to the team', async () => {
    const bob = await join('Bob', Role.DEVELOPER);
    const held = await api.tokenOf(bob, { teamId: team });
    const { id } = (await api.run(ada.token, LIST, { teamId: team })).data.services.nodes[0];
    const streams = await Promise.all([bob.token, held].map((token) => api.subscribe(token, ON_SERVICE, { serviceId: id })));
    for (const stream of streams) expect((await stream.next())!.data.serviceChanged.id).toBe(id);
    const ends = streams.map((stream) => stream.next());
    const since = performance.now();
    await api.run(ada.token, REMOVE_MEMBER, { teamId: team, id: bob.membership });
    expect((await Promise.all(ends)).map((answer) => answer!.code)).toEqual(['NOT_FOUND', 'UNAUTHENTICATED']);
    expect(performance.now() - since).toBeLessThan(2_000);
    expect((await api.run(bob.token, GET, { id })).code).toBe('NOT_FOUND');
    await expect(api.run(held, LIST)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('one that owns something goes only by its name, and then with all of it', async () => {
    const id = await newTeam('Doomed');
    const bob = await join('Bob', Role.ADMIN, id);
    await api.run(ada.token, CREATE_ENVIRONMENT, { input: { name: 'staging', teamId: id } });
    const service = (await api.run(ada.token, DEPLOY, { input: { name: 'web', image: 'nginx', containerPort: 80, public: true, teamId: id } })).data.deployService;
    const before = await api.counts();
    expect((await api.run(ada.token, DELETE_TEAM, { id })).message).toBe('The team still owns 1 service, 1 environment. Delete them first, or confirm with the name of the team that all of it goes.');
    expect((await api.run(ada.token, DELETE_TEAM, { id, confirm: 'doomed' })).code).toBe('BAD_REQUEST');
    expect((await api.run(bob.token, DELETE_TEAM, { id, confirm: 'Doomed' })).code).toBe('FORBIDDEN');
    expect(await api.counts()).toEqual(before);
    expect((await api.run(ada.token, DELETE_TEAM, { id, confirm: 'Doomed' })).data.deleteTeam.id).toBe(id);
    expect((await api.run(ada.token, GET, { id: service.id })).code).toBe('NOT_FOUND');
    expect((await api.run(ada.token, TEAMS)).data.teams.map((one: any) => one.id)).not.toContain(id);
    expect((await api.run(ada.token, ENVIRONMENTS, { teamId: id })).code).toBe('NOT_FOUND');
    expect(await api.em.execute('select 1 from host where service_id = ?', [service.id])).toEqual([]);
    expect(await api.em.execute(`select 1 from environment where team_id = ? and deleted_at is null`, [id])).toEqual([]);
  });

  test('an empty one goes without more ado, and a personal one stays', async () => {
    const id = await newTeam('Empty');
    expect((await api.run(ada.token, DELETE_TEAM, { id })).code).toBeUndefined();
    expect((await api.run(ada.token, DELETE_TEAM, { id: ada.teamId, confirm: 'Personal' })).code).toBe('BAD_REQUEST');
    expect((await api.run(ada.token, LEAVE_TEAM, { id: ada.teamId })).code).toBe('BAD_REQUEST');
  });
});
