import { expect, test } from '@jest/globals';
import { findTrouble } from '../../src/orchestrator/service/trouble.js';
import type { ContainerStatus, DeploymentObject, PodObject } from '../../src/orchestrator/service/observed.js';

const NOW = Date.parse('2026-01-01T00:01:00Z');

const pod = (status: Partial<ContainerStatus>, secondsOld = 5): PodObject => ({
  apiVersion: 'v1', kind: 'Pod',
  metadata: { name: 'web-1-2', creationTimestamp: new Date(NOW - secondsOld * 1000).toISOString() },
  status: { containerStatuses: [{ name: 'app', ready: false, restartCount: 0, ...status }] },
});
const waiting = (reason: string, message: string, secondsOld?: number): PodObject => pod({ state: { waiting: { reason, message } } }, secondsOld);
const told = (...pods: PodObject[]) => findTrouble(undefined, pods, 'nginx:nope', NOW);

// Sentences of containerd 1.6 and the kubelet of Kubernetes 1.36.
test.each([
  ['not found, first time', waiting('ErrImagePull', 'failed to pull and unpack image "docker.io/library/nginx:nope": docker.io/library/nginx:nope: not found'), 'IMAGE_NOT_FOUND', false],
  ['not found, again', waiting('ImagePullBackOff', 'Back-off pulling image "nginx:nope": ErrImagePull: docker.io/library/nginx:nope: not found'), 'IMAGE_NOT_FOUND', true],
  ['private', waiting('ImagePullBackOff', 'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed'), 'IMAGE_UNAUTHORIZED', true],
  ['registry away, at first', waiting('ImagePullBackOff', 'dial tcp: lookup registry.invalid: no such host', 10), 'IMAGE_NOT_FOUND', false],
  ['registry away, for long', waiting('ImagePullBackOff', 'dial tcp: lookup registry.invalid: no such host', 40), 'IMAGE_NOT_FOUND', true],
  ['crashed once', pod({ restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, reason: 'Error' } } }), 'CRASH_LOOP', false],
  ['crashed for the third restart', pod({ restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, reason: 'Error' } } }), 'CRASH_LOOP', true],
  ['killed for memory', pod({ restartCount: 3, lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }), 'OUT_OF_MEMORY', true],
  ['killed for memory, though the runtime does not say so', pod({ restartCount: 3, lastState: { terminated: { exitCode: 137, reason: 'Error', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:01Z' } } }), 'OUT_OF_MEMORY', true],
  ['killed for memory again and again, and just begun anew', pod({ ready: true, restartCount: 3, state: { running: { startedAt: '2026-01-01T00:00:58Z' } }, lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }), 'OUT_OF_MEMORY', false],
  ['no room on the disk of the node', waiting('ImagePullBackOff', 'Back-off pulling image "nginx:nope": ErrImagePull: failed to extract layer: write /var/lib/x: no space left on device', 40), 'UNSCHEDULABLE', false],
  ['killed by the kubelet after its grace', pod({ restartCount: 3, lastState: { terminated: { exitCode: 137, reason: 'Error', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:01:00Z' } } }), 'CRASH_LOOP', true],
  ['not ready for a minute', pod({ state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }, 61), 'READINESS_TIMEOUT', false],
] as const)('%s', (_name, seen, code, final) => {
  expect(told(seen)).toMatchObject({ code, final });
});

test('whoever cannot pull what was built here is told who can help', () => {
  const refused = waiting('ImagePullBackOff', 'failed to authorize: 401 Unauthorized');
  const ids = '01a2231b-a04f-72a6-aef1-6905a5e68596/01a2231b-a644-7492-aac9-3d37d38c8108';
  expect(findTrouble(undefined, [refused], `registry.example.com/apex/${ids}`, NOW)).toMatchObject({ code: 'IMAGE_UNAUTHORIZED', message: expect.stringMatching(/^The registry registry\.example\.com does not give .*operator.*APEX_REGISTRY/) });
  expect(findTrouble(undefined, [refused], 'registry.example.com/apex/web', NOW)).toMatchObject({ code: 'IMAGE_UNAUTHORIZED', message: expect.stringContaining('POST /api/registry-credentials') });
});

test('what stays up after a restart is no trouble', () => {
  expect(told(pod({ ready: true, restartCount: 1, state: { running: { startedAt: '2026-01-01T00:00:45Z' } }, lastState: { terminated: { exitCode: 1 } } }))).toBeNull();
});

test('a pod that starts is no trouble', () => {
  expect(told(waiting('ContainerCreating', ''), pod({ state: { running: { startedAt: '2026-01-01T00:00:59Z' } } }))).toBeNull();
});

test('a program that is not in the image is named, and not waited for', () => {
  const message = 'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown';
  const trouble = told(pod({ restartCount: 1, lastState: { terminated: { exitCode: 128, reason: 'StartError', message } } }));
  expect(trouble).toMatchObject({ code: 'CRASH_LOOP', final: true, message: expect.stringContaining('exec: "/nope"') });
});

test('a quota that is used up is told as such', () => {
  const message = 'pods "web-1" is forbidden: exceeded quota: apex, requested: limits.cpu=64, used: limits.cpu=190, limited: limits.cpu=200';
  const deployment = { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } } as unknown as DeploymentObject;
  expect(findTrouble(deployment, [], 'nginx', NOW)).toMatchObject({ code: 'QUOTA_EXCEEDED', message: expect.stringContaining('limited: limits.cpu=200') });
});
