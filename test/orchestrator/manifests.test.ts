import { describe, expect, test } from '@jest/globals';
import { environmentManifests } from '../../src/orchestrator/environment/environment-manifests.js';
import { covers, withHash } from '../../src/orchestrator/kubernetes/applied.js';
import type { Kind, KubeObject } from '../../src/orchestrator/kubernetes/kinds.js';
import { manifestHash } from '../../src/orchestrator/service/manifest-hash.js';
import { serviceManifests } from '../../src/orchestrator/service/service-manifests.js';
import type { Workload } from '../../src/orchestrator/service/workload.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const environment = { id: 'env-1', teamId: 'team-1', namespace: 'apex-1-production' };

const workload = (change: { service?: Partial<Workload['service']>; spec?: Partial<Workload['release']['spec']>; rest?: Partial<Workload> } = {}): Workload => ({
  installationId: 'installation-1',
  environment,
  service: { id: 'service-1', name: 'web', public: true, replicas: 2, paused: false, ...change.service },
  deploymentId: 'deployment-1',
  release: {
    id: 'release-1',
    digest: DIGEST,
    spec: { image: 'nginx:alpine', command: null, args: null, containerPort: 80, healthCheck: null, resources: { cpu: '500m', memory: '256Mi' }, ...change.spec },
  },
  variables: { SECRET: 'canary-value' },
  variablesHash: 'abc123',
  pullRegistry: null,
  pullLogin: null,
  hosts: ['web.apex.localhost'],
  ingressClass: null,
  ...change.rest,
});

const kinds = (objects: KubeObject[]): Kind[] => objects.map(({ kind }) => kind);
const of = (objects: KubeObject[], kind: Kind): any => objects.find((object) => object.kind === kind);
const podSpec = (of: Workload): any => (serviceManifests(of).find(({ kind }) => kind === 'Deployment') as any).spec.template.spec;

describe('a service', () => {
  test('keeps the tenant in: no token, no service links, no escalation, limits, the image by digest', () => {
    const spec = podSpec(workload());
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false, securityContext: { seccompProfile: { type: 'RuntimeDefault' } } });
    expect(spec.hostNetwork ?? spec.hostPID ?? spec.hostIPC ?? spec.volumes).toBeUndefined();
    const [container] = spec.containers;
    expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['NET_RAW'] } });
    expect(container.resources).toEqual({ limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '50m', memory: '64Mi' } });
    expect(container).toMatchObject({ image: `docker.io/library/nginx@${DIGEST}`, imagePullPolicy: 'IfNotPresent' });
  });

  test('loses no request in a rollout: nothing unavailable, probes on its port, a sleep before the stop', () => {
    const deployment = of(serviceManifests(workload()), 'Deployment');
    expect(deployment.spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
    const [container] = deployment.spec.template.spec.containers;
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) expect(container[probe].tcpSocket).toEqual({ port: 80 });
    expect(container.lifecycle.preStop).toEqual({ sleep: { seconds: expect.any(Number) } });
    expect(deployment.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(container.lifecycle.preStop.sleep.seconds);
    const checked = podSpec(workload({ spec: { healthCheck: { path: '/up', intervalSeconds: 7, timeoutSeconds: 4 } } })).containers[0];
    expect(checked.readinessProbe).toMatchObject({ httpGet: { path: '/up', port: 80 }, periodSeconds: 7, timeoutSeconds: 4 });
  });

  test('has its values in its Secret and nowhere else', () => {
    const objects = serviceManifests(workload());
    const encoded = Buffer.from('canary-value').toString('base64');
    for (const object of objects) expect(JSON.stringify(object).includes(encoded)).toBe(object.kind === 'Secret');
    expect(JSON.stringify(objects)).not.toContain('canary-value');
    expect(of(objects, 'Secret')).toMatchObject({ immutable: true, metadata: { name: 'web-abc123' } });
    expect(podSpec(workload()).containers[0].envFrom).toEqual([{ secretRef: { name: 'web-abc123' } }]);
    expect(kinds(serviceManifests(workload({ rest: { variables: {} } })))).not.toContain('Secret');
  });

  test('another deployment of the same release replaces the pods; another number of replicas does not', () => {
    const template = (of: Workload): string => JSON.stringify((serviceManifests(of).find(({ kind }) => kind === 'Deployment') as any).spec.template);
    expect(template(workload({ rest: { deploymentId: 'deployment-2' } }))).not.toBe(template(workload()));
    expect(template(workload({ service: { replicas: 7, public: false, paused: true } }))).toBe(template(workload()));
  });

  test('has a hash of what its pods are made from: not of whose they are, how many, or what their variables hold', () => {
    const hash = manifestHash(workload());
    expect(manifestHash(workload({ service: { replicas: 7, public: false, paused: true }, rest: { deploymentId: 'deployment-2', hosts: [], variables: { SECRET: 'another' } } }))).toBe(hash);
    const preDeploy = (timeoutSeconds: number) => ({ preDeploy: { command: ['migrate'], timeoutSeconds } }) as Partial<Workload['release']['spec']>;
    const others = [
      workload({ rest: { variablesHash: 'def456' } }), workload({ spec: { command: ['other'] } }), workload({ spec: { resources: { cpu: '1', memory: '256Mi' } } }),
      workload({ spec: { healthCheck: { path: '/up', intervalSeconds: 7, timeoutSeconds: 4 } } }), workload({ spec: preDeploy(30) }), workload({ spec: preDeploy(60) }),
    ].map(manifestHash);
    expect(new Set([hash, ...others]).size).toBe(7);
  });

  test('has the objects that its intent asks for', () => {
    expect(kinds(serviceManifests(workload()))).toEqual(['Secret', 'Service', 'NetworkPolicy', 'Deployment', 'PodDisruptionBudget', 'Ingress']);
    expect(kinds(serviceManifests(workload({ service: { public: false, replicas: 1 } })))).toEqual(['Secret', 'Service', 'Deployment']);
    const paused = serviceManifests(workload({ service: { paused: true } }));
    expect(kinds(paused)).toEqual(['Secret', 'Service', 'Deployment']);
    expect(of(paused, 'Deployment').spec.replicas).toBe(0);
    const worker = serviceManifests(workload({ spec: { containerPort: null } }));
    expect(kinds(worker)).toEqual(['Secret', 'Deployment', 'PodDisruptionBudget']);
    expect(podSpec(workload({ spec: { containerPort: null } })).containers[0]).not.toHaveProperty('livenessProbe');
  });

  test('is found by name on port 80 and on its own', () => {
    const service = of(serviceManifests(workload({ spec: { containerPort: 8080 } })), 'Service');
    expect(service.spec.ports.map(({ port, targetPort }: { port: number; targetPort: number }) => [port, targetPort])).toEqual([[80, 8080], [8080, 8080]]);
  });

  test('carries whose it is on every object', () => {
    for (const { metadata } of serviceManifests(workload())) {
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/managed-by': 'apex', 'apexpaas.com/installation': 'installation-1', 'apexpaas.com/team': 'team-1',
        'apexpaas.com/environment': 'env-1', 'apexpaas.com/service': 'service-1',
      });
    }
  });

  test('an image whose registry could not be asked is pulled each time, by its tag', () => {
    const unknown = workload();
    unknown.release = { ...unknown.release, digest: null };
    expect(podSpec(unknown).containers[0]).toMatchObject({ image: 'nginx:alpine', imagePullPolicy: 'Always' });
  });
});

describe('an environment', () => {
  const objects = environmentManifests({ environment, installationId: 'installation-1', quota: { environments: 3, pods: 7, cpu: '2500m', memory: '8Gi', volumes: 2 }, guardedAddresses: ['10.1.2.3', '203.0.113.9', 'fd00::1', '203.0.113.9'], openNetworks: ['10.1.0.0/16', '192.168.7.0/24'] });

  test('enforces the baseline, a quota and limits', () => {
    expect(of(objects, 'Namespace').metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'baseline' });
    expect(of(objects, 'ResourceQuota').spec.hard).toMatchObject({ pods: '7', 'limits.cpu': '2500m', 'limits.memory': '8Gi', persistentvolumeclaims: '2', 'services.nodeports': '0', 'services.loadbalancers': '0' });
    expect(of(objects, 'LimitRange').spec.limits).toHaveLength(1);
  });

  test('lets nobody in but itself, and nobody out to the node, the API server or the metadata address', () => {
    const [ingress, egress] = objects.filter(({ kind }) => kind === 'NetworkPolicy') as any[];
    expect(ingress.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] });
    const [own, dns, internet, opened] = egress.spec.egress;
    expect(own).toEqual({ to: [{ podSelector: {} }] });
    expect(dns.ports.map(({ port }: { port: number }) => port)).toEqual([53, 53]);
    expect(internet.to[0].ipBlock.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '203.0.113.9/32']));
    expect(internet.to[0].ipBlock.except.filter((range: string) => range.endsWith('/32'))).toEqual(['203.0.113.9/32']);
    expect(opened.to).toEqual([{ ipBlock: { cidr: '10.1.0.0/16', except: ['10.1.2.3/32'] } }, { ipBlock: { cidr: '192.168.7.0/24', except: [] } }]);
  });
});

describe('what was applied', () => {
  test('counts as still there with defaults, other spellings of quantities and foreign fields, and not once a field differs', () => {
    const wanted = { spec: { replicas: 2, cpu: '1000m', memory: '1024Mi', list: [{ name: 'a', value: 1 }], plain: ['x'], none: [] } };
    const live = { spec: { replicas: 2, cpu: '1', memory: '1Gi', list: [{ name: 'z' }, { name: 'a', value: 1, added: true }], plain: ['x'], more: 'default' }, status: {} };
    expect(covers(live, wanted)).toBe(true);
    expect(covers({ spec: { ...live.spec, replicas: 3 } }, wanted)).toBe(false);
    expect(covers({ spec: { ...live.spec, plain: ['x', 'y'] } }, wanted)).toBe(false);
    expect(covers({ spec: { ...live.spec, list: [] } }, wanted)).toBe(false);
    expect(covers(undefined, wanted)).toBe(false);
  });

  test('has a hash that says nothing of a Secret', () => {
    const secret = (value: string): KubeObject => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web-abc' }, data: { KEY: value } });
    expect(withHash(secret('b25l')).metadata.annotations).toEqual(withHash(secret('dHdv')).metadata.annotations);
    expect(withHash({ ...secret('b25l'), metadata: { name: 'web-def' } }).metadata.annotations).not.toEqual(withHash(secret('b25l')).metadata.annotations);
  });
});
