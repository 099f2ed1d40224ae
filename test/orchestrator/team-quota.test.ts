import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ClusterInstallation, type SeenService } from './cluster-installation.js';

let installation: ClusterInstallation;
let teamId: string;
beforeAll(async () => {
  installation = await ClusterInstallation.start({ APEX_TEAM_QUOTA: 'pods=20,cpu=6', APEX_DEPLOY_DEADLINE_SECONDS: '10' });
  ({ createTeam: { id: teamId } } = await installation.graphql<{ createTeam: { id: string } }>('mutation { createTeam(input: { name: "Small" }) { id } }'));
});
afterAll(() => installation.stop());

const ended = ({ latestDeployment: { state } }: SeenService): boolean => ['LIVE', 'FAILED'].includes(state);
const deploy = (name: string): Promise<string> => installation.deploy({ name, image: 'apex.local/hello', containerPort: 8080, teamId });
const limit = (pods: number): Promise<unknown> =>
  installation.graphql('mutation ($teamId: ID!, $input: TeamQuotaInput!) { setTeamQuota(teamId: $teamId, input: $input) { pods } }', { teamId, input: { pods } });
const hard = async (): Promise<Record<string, string>> => ((await installation.objects('ResourceQuota'))[0]!.spec as { hard: Record<string, string> }).hard;

test("a team's environment begins with the limits of the installation, and follows those of the team", async () => {
  const first = await deploy('first');
  await installation.until(first, ended);
  expect(await hard()).toMatchObject({ pods: '20', 'limits.cpu': '6', 'limits.memory': '400Gi' });
  await limit(1);
  await installation.eventually(hard, ({ pods }) => pods === '1');
});

test('what goes beyond them fails, and the sentence says whose limit it is and what to do; once it is raised it runs', async () => {
  const second = await deploy('second');
  const { latestDeployment } = await installation.until(second, ended, 90);
  expect(latestDeployment.reason).toMatchObject({ code: 'QUOTA_EXCEEDED', message: expect.stringMatching(/^The team's limit for one environment is reached: .*limited: pods=1\. Remove or shrink .* ask the operator/) });
  await limit(3);
  await installation.eventually(hard, ({ pods }) => pods === '3');
  await installation.graphql('mutation ($id: ID!) { redeployService(id: $id) { id } }', { id: second });
  await installation.until(second, ({ status }) => status === 'RUNNING', 60);
}, 180_000);
