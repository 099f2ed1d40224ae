import { describe, expect, test } from '@jest/globals';
import { assertMove, checkStateTable, DEPLOYMENT_MOVES, DeploymentState, isTerminal, UNFINISHED_STATES } from '../../src/entities/deployment-state.js';
import { serviceStatus, type ServiceFacts } from '../../src/entities/service-status.js';

const S = DeploymentState;

describe('the states of a deployment', () => {
  test('end for ever in four, and every other leads to an end', () => {
    expect(Object.values(S).filter(isTerminal).sort()).toEqual(['CANCELED', 'FAILED', 'LIVE', 'SUPERSEDED']);
    for (const state of UNFINISHED_STATES) expect(DEPLOYMENT_MOVES[state]).toEqual(expect.arrayContaining([S.FAILED, S.CANCELED, S.SUPERSEDED]));
    expect(() => checkStateTable('Deployment', DEPLOYMENT_MOVES, S.QUEUED)).not.toThrow();
  });

  test.each([
    [S.QUEUED, S.LIVE],
    [S.LIVE, S.FAILED],
    [S.CANCELED, S.PREPARING],
    [S.ROLLING_OUT, S.PREPARING],
    [S.PREPARING, S.LIVE],
  ])('%s cannot become %s', (from, to) => {
    expect(() => assertMove(from, to)).toThrow(`A deployment cannot go from ${from} to ${to}`);
  });

  test('a table with an unknown or a lost state stops the start', () => {
    expect(() => checkStateTable('Thing', { A: ['B'] } as Record<string, string[]>, 'A')).toThrow('Thing: "B" is not a state');
    expect(() => checkStateTable('Thing', { A: [], C: [] } as Record<string, string[]>, 'A')).toThrow('Thing: C cannot be reached from A');
  });
});

describe('the status of a service', () => {
  const running: ServiceFacts = {
    deletedAt: null, paused: false, replicas: 2, readyReplicas: 2, public: true, addressAnswers: true, generation: 3, observedGeneration: 3,
    currentDeploymentId: 'one', latestDeploymentState: S.LIVE,
  };

  test.each<[string, Partial<ServiceFacts>]>([
    ['RUNNING', {}],
    ['RUNNING', { latestDeploymentState: S.FAILED }],
    ['RUNNING', { public: false, addressAnswers: false }],
    ['RUNNING', { replicas: 0, readyReplicas: 0, addressAnswers: false }],
    ['DEGRADED', { readyReplicas: 1 }],
    ['DEGRADED', { addressAnswers: false }],
    ['DEPLOYING', { observedGeneration: 2 }],
    ['DEPLOYING', { latestDeploymentState: S.ROLLING_OUT }],
    ['DEPLOYING', { latestDeploymentState: S.PREPARING, currentDeploymentId: null }],
    ['FAILED', { readyReplicas: 0 }],
    ['FAILED', { latestDeploymentState: S.FAILED, currentDeploymentId: null }],
    ['PENDING', { latestDeploymentState: null, currentDeploymentId: null }],
    ['PENDING', { latestDeploymentState: S.QUEUED, currentDeploymentId: null }],
    ['PAUSED', { paused: true, readyReplicas: 0 }],
    ['DELETING', { deletedAt: new Date(), paused: true }],
  ])('is %s for %j', (status, change) => {
    expect(serviceStatus({ ...running, ...change })).toBe(status);
  });
});
