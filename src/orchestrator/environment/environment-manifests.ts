import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Environment } from '../../entities/environment.js';
import type { TeamQuota } from '../../entities/team-quota.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import { LABELS, MANAGER } from '../kubernetes/labels.js';

/** Where no tenant's pod may go: private networks (the node, other pods, the API server), link-local (metadata), loopback. */
const INWARD = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'];
const METADATA = '169.254.169.254/32';
const ANYWHERE = '0.0.0.0/0';
const DNS_PORT = 53;

export interface EnvironmentFacts {
  environment: Pick<Environment, 'id' | 'teamId' | 'namespace'>;
  installationId: string;
  /** Of its team. */
  quota: TeamQuota;
  /** IPv4 addresses of the nodes and the API server, some of which may be public. */
  guardedAddresses: readonly string[];
  /** Private networks that the operator has opened to services. */
  openNetworks: readonly string[];
}

/** The labels of everything that belongs to an environment. */
export const environmentLabels = ({ environment, installationId }: Pick<EnvironmentFacts, 'environment' | 'installationId'>): Record<string, string> => ({
  [LABELS.managedBy]: MANAGER,
  [LABELS.installation]: installationId,
  [LABELS.team]: environment.teamId,
  [LABELS.environment]: environment.id,
});

/** The namespace of an environment and what holds its tenants in: in the order in which they are applied. */
export function environmentManifests(facts: EnvironmentFacts): KubeObject[] {
  const namespace = facts.environment.namespace;
  const labels = environmentLabels(facts);
  const metadata = (name: string): KubeObject['metadata'] => ({ name, namespace, labels });
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: namespace,
        labels: { ...labels, 'pod-security.kubernetes.io/enforce': 'baseline', 'pod-security.kubernetes.io/enforce-version': 'latest' },
      },
    },
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: metadata('apex-ingress'), spec: ingressRules() },
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: metadata('apex-egress'), spec: egressRules(facts.guardedAddresses, facts.openNetworks) },
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: metadata('apex'), spec: { hard: hardLimits(facts.quota) } },
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: metadata('apex'),
      spec: { limits: [{ type: 'Container', default: { cpu: '500m', memory: '256Mi' }, defaultRequest: { cpu: '50m', memory: '64Mi' } }] },
    },
  ];
}

/** Its team's limits, and what nobody gets: ways in beside the ingress. */
const hardLimits = ({ pods, cpu, memory, volumes }: TeamQuota): Record<string, string> => ({
  pods: String(pods), 'limits.cpu': cpu, 'limits.memory': memory, persistentvolumeclaims: String(volumes), services: '1000', 'services.nodeports': '0', 'services.loadbalancers': '0',
});

/** From the environment itself and from nowhere else; a public service opens its port to the ingress on its own. */
const ingressRules = (): Record<string, unknown> => ({
  podSelector: {},
  policyTypes: ['Ingress'],
  ingress: [{ from: [{ podSelector: {} }] }],
});

/** To the environment itself, to DNS, to the internet, and to what the operator has opened. */
const egressRules = (guarded: readonly string[], open: readonly string[]): Record<string, unknown> => ({
  podSelector: {},
  policyTypes: ['Egress'],
  egress: [
    { to: [{ podSelector: {} }] },
    ...outwardRules(guarded),
    ...(open.length > 0 ? [{ to: open.map((cidr) => ({ ipBlock: { cidr, except: ipv4(guarded).filter((address) => isIn(cidr, address)).map(alone) } })) }] : []),
  ],
});

/** To DNS and to the internet. `guarded` are the addresses of the nodes and the API server. */
export const outwardRules = (guarded: readonly string[]): Record<string, unknown>[] => [
  {
    to: [{ ipBlock: { cidr: ANYWHERE, except: [METADATA] } }],
    ports: [
      { protocol: 'UDP', port: DNS_PORT },
      { protocol: 'TCP', port: DNS_PORT },
    ],
  },
  { to: [{ ipBlock: { cidr: ANYWHERE, except: [...INWARD, ...outside(guarded).map(alone)] } }] },
];

/** IPv4 ones, each once, in a stable order. */
const ipv4 = (addresses: readonly string[]): string[] => [...new Set(addresses)].filter((address) => isIPv4(address)).sort();

/** Those that no range of `INWARD` holds already. */
const outside = (addresses: readonly string[]): string[] => ipv4(addresses).filter((address) => !INWARD.some((range) => isIn(range, address)));

const alone = (address: string): string => `${address}/32`;

const isIn = (range: string, address: string): boolean => ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(range));
