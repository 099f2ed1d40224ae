import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { foldSteps, moveDeployment, noteProgress } from '../../src/entities/deployment-log.js';
import { DeploymentEvent, StepName, StepState } from '../../src/entities/deployment-event.js';
import { DeploymentState, ReasonCode } from '../../src/entities/deployment-state.js';
import { TestApi } from '../support/test-api.js';

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await TestApi.start();
  ({ token } = await api.account('log'));
});
afterAll(() => api.stop());

const { QUEUED, PREPARING, ROLLING_OUT, LIVE, FAILED } = DeploymentState;

async function deployment(name: string): Promise<string> {
  const { data } = await api.run(token, `mutation { deployService(input: { name: "${name}", image: "nginx" }) { latestDeployment { id } } }`);
  return data.deployService.latestDeployment.id;
}

const tx = <T>(work: (em: Parameters<typeof moveDeployment>[0]) => Promise<T>): Promise<T> => api.em.transactional(work);
const events = (id: string): Promise<DeploymentEvent[]> => api.em.find(DeploymentEvent, { deploymentId: id }, { orderBy: { number: 'asc' } });

test('of many who move a deployment at once exactly one does, and the numbers have no gap', async () => {
  const id = await deployment('race');
  const moved = await Promise.all(Array.from({ length: 8 }, () => tx((em) => moveDeployment(em, { id, from: QUEUED, to: PREPARING, step: StepName.PREPARE, stepState: StepState.RUNNING }))));
  expect(moved.filter(Boolean)).toHaveLength(1);
  await Promise.all(Array.from({ length: 8 }, (_, index) => tx((em) => noteProgress(em, { id, state: PREPARING }, { step: StepName.PREPARE, stepState: StepState.RUNNING, message: `note ${index}` }))));
  expect((await events(id)).map(({ number }) => number)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
});

test('an illegal move is an error and writes nothing; a state that passed is not moved from', async () => {
  const id = await deployment('illegal');
  await expect(tx((em) => moveDeployment(em, { id, from: QUEUED, to: LIVE }))).rejects.toThrow('cannot go from QUEUED to LIVE');
  expect(await tx((em) => moveDeployment(em, { id, from: PREPARING, to: ROLLING_OUT }))).toBe(false);
  expect(await events(id)).toHaveLength(1);
});

test('the same progress is told once, and none after the end', async () => {
  const id = await deployment('progress');
  await tx((em) => moveDeployment(em, { id, from: QUEUED, to: PREPARING }));
  const note = { step: StepName.PREPARE, stepState: StepState.RUNNING, message: 'Looking.' };
  expect(await tx((em) => noteProgress(em, { id, state: PREPARING }, note))).toBe(true);
  expect(await tx((em) => noteProgress(em, { id, state: PREPARING }, note))).toBe(false);
  await tx((em) => moveDeployment(em, { id, from: PREPARING, to: FAILED, reason: { code: ReasonCode.IMAGE_NOT_FOUND, message: 'It is not there.' } }));
  expect(await tx((em) => noteProgress(em, { id, state: PREPARING }, { ...note, message: 'Still looking.' }))).toBe(false);
});

test('events fold into steps: each begins, ends, and the end of the deployment ends what runs', () => {
  const at = (second: number): Date => new Date(second * 1000);
  const event = (state: DeploymentState, second: number, step: StepName | null, stepState: StepState | null, message: string | null = null) => ({ state, step, stepState, message, at: at(second) });
  const steps = foldSteps([
    event(QUEUED, 0, null, null),
    event(PREPARING, 1, StepName.PREPARE, StepState.RUNNING, 'Looking.'),
    event(ROLLING_OUT, 3, StepName.ROLL_OUT, StepState.RUNNING, '0 of 2'),
    event(ROLLING_OUT, 4, StepName.ROLL_OUT, StepState.RUNNING, '1 of 2'),
    event(DeploymentState.SUPERSEDED, 5, null, null, 'A newer one.'),
  ]);
  expect(steps).toEqual([
    { name: 'PREPARE', state: 'DONE', startedAt: at(1), endedAt: at(3), message: 'Looking.' },
    { name: 'ROLL_OUT', state: 'CANCELED', startedAt: at(3), endedAt: at(5), message: 'A newer one.' },
  ]);
});
