import { join } from 'node:path';
import { CADDY_ADMIN_PORT, ETCD_PEER_PORT, ETCD_PORT, NODE_NAME, POD_CIDR, SERVICE_CIDR } from '../addresses.js';
import { kubeconfigOf } from '../kubeconfigs.js';
import type { NodePaths } from '../node-paths.js';
import type { NodePorts } from '../node-ports.js';
import { SYSTEM_PATH } from '../run-command.js';
import { kubernetes } from './kubernetes.js';

/** One program as the node's supervisor takes it. */
export interface SupervisedProcess {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly ready: { tcp: string } | { http: string; insecure?: boolean } | { file: string } | null;
  readonly after: readonly string[];
  readonly stopTimeoutSeconds: number;
}

/** In the environment of every process of the node, by which a take-down finds those whose parent died. */
export const MARK = 'APEX_EMBEDDED_NODE';

interface Spec extends Pick<SupervisedProcess, 'name' | 'command' | 'ready' | 'after'> {
  readonly env?: Readonly<Record<string, string>>;
  readonly stopTimeoutSeconds?: number;
  /** Go's soft limit of memory, twice what is usual or more: a guard against growth, as a tight one would cost time. */
  readonly memoryMiB: number;
}

/** All programs of the node with every flag, in the order in which they start. */
export function supervisedProcesses(paths: NodePaths, ports: NodePorts): SupervisedProcess[] {
  const bin = (name: string) => join(paths.bin, name);
  const tls = (name: string) => join(paths.tls, name);
  const config = (name: string) => join(paths.config, name);

  const specs: Spec[] = [
    {
      name: 'registry', command: [bin('registry'), 'serve', config('registry.yaml')], after: [], memoryMiB: 150,
      ready: { tcp: `127.0.0.1:${ports.registry}` }, env: { OTEL_TRACES_EXPORTER: 'none' },
    },
    { name: 'containerd', command: ['/usr/bin/env', 'containerd', '--config', config('containerd.toml')], after: [], memoryMiB: 200, ready: { file: paths.containerdSocket } },
    {
      name: 'etcd', after: [], memoryMiB: 400, ready: { tcp: `127.0.0.1:${ETCD_PORT}` },
      command: [
        '/usr/bin/env', 'etcd', '--name=apex', `--data-dir=${paths.etcd}`,
        `--listen-client-urls=https://127.0.0.1:${ETCD_PORT}`, `--advertise-client-urls=https://127.0.0.1:${ETCD_PORT}`,
        `--listen-peer-urls=https://127.0.0.1:${ETCD_PEER_PORT}`, `--initial-advertise-peer-urls=https://127.0.0.1:${ETCD_PEER_PORT}`,
        `--initial-cluster=apex=https://127.0.0.1:${ETCD_PEER_PORT}`,
        '--client-cert-auth', `--trusted-ca-file=${tls('ca.crt')}`, `--cert-file=${tls('etcd.crt')}`, `--key-file=${tls('etcd.key')}`,
        '--peer-client-cert-auth', `--peer-trusted-ca-file=${tls('ca.crt')}`, `--peer-cert-file=${tls('etcd.crt')}`, `--peer-key-file=${tls('etcd.key')}`,
        '--snapshot-count=5000', '--auto-compaction-mode=periodic', '--auto-compaction-retention=30m', '--quota-backend-bytes=2147483648', '--logger=zap', '--log-level=warn',
      ],
    },
    {
      // All of Kubernetes in one process: each component alone would map 100 MB of the same code.
      name: 'kubernetes', command: [bin('apex-kube'), ...kubernetes(paths)], after: ['etcd', 'containerd', 'registry'], memoryMiB: 900,
      // The kubelet starts once the API server answers, so its port says that both are there.
      ready: { tcp: '127.0.0.1:10248' },
      // 30 MB less than with 50, for a tenth more of processor time at the start and hardly any later.
      env: { GOGC: '30' },
    },
    {
      name: 'kube-router', after: ['kubernetes'], memoryMiB: 150, ready: null,
      command: [
        bin('kube-router'), `--kubeconfig=${kubeconfigOf(paths, 'kube-router')}`, `--hostname-override=${NODE_NAME}`, '--run-firewall=true', '--run-router=false', '--run-service-proxy=false',
        '--run-loadbalancer=false', `--service-cluster-ip-range=${SERVICE_CIDR}`, '--health-port=0', '--metrics-port=0',
      ],
    },
    { name: 'coredns', command: [bin('coredns'), '-conf', config('Corefile')], after: ['kubernetes'], memoryMiB: 100, ready: null },
    {
      name: 'caddy', after: [], memoryMiB: 200, ready: { tcp: `127.0.0.1:${CADDY_ADMIN_PORT}` },
      command: ['/usr/bin/env', 'caddy', 'run', '--config', config('caddy.json')],
      env: { XDG_DATA_HOME: join(paths.caddy, 'data'), XDG_CONFIG_HOME: join(paths.caddy, 'config') },
    },
    {
      name: 'controllers', after: ['kubernetes', 'caddy'], memoryMiB: 120, ready: null,
      command: [
        bin('apex-controllers'), '--kubeconfig', kubeconfigOf(paths, 'controllers'), '--caddy-admin', `127.0.0.1:${CADDY_ADMIN_PORT}`,
        // All addresses: what is deployed is meant to be visited, also from other machines. Who wants it closed has a firewall.
        '--ingress-listen', `:${ports.ingress}`, '--volumes', paths.volumes, '--pod-cidr', POD_CIDR,
      ],
    },
  ];

  return specs.map(({ memoryMiB, env, stopTimeoutSeconds, ...spec }) => ({
    ...spec,
    env: { PATH: SYSTEM_PATH, HOME: paths.root, TMPDIR: '/tmp', [MARK]: paths.root, GOGC: '50', GOMEMLIMIT: `${memoryMiB}MiB`, ...env },
    logFile: join(paths.logs, `${spec.name}.log`),
    stopTimeoutSeconds: stopTimeoutSeconds ?? 10,
  }));
}

/** The file that the supervisor is started with. */
export function supervisorSpec(paths: NodePaths, ports: NodePorts): unknown {
  return { pidFile: paths.supervisorPid, statusFile: paths.processStatus, processes: supervisedProcesses(paths, ports) };
}

