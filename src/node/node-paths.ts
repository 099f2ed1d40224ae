import { join } from 'node:path';

/** Where the machine's one embedded node keeps its data. */
export const NODE_DIR = '/var/lib/apex-node';
/** What must not outlive a reboot: sockets, sandboxes' network namespaces, process ids. */
export const RUN_DIR = '/run/apex-node';

/** Every folder and file of the embedded node that more than one part of it needs. */
export interface NodePaths {
  readonly root: string;
  readonly run: string;
  readonly config: string;
  readonly tls: string;
  readonly logs: string;
  readonly users: string;
  readonly domains: string;
  readonly volumes: string;
  readonly etcd: string;
  readonly containerd: string;
  readonly registry: string;
  readonly registryKey: string;
  readonly registryPublicKeys: string;
  readonly registryPullToken: string;
  readonly kubelet: string;
  readonly podLogs: string;
  readonly cni: string;
  readonly caddy: string;
  readonly bin: string;
  readonly certsD: string;
  readonly cniConfig: string;
  readonly statusFile: string;
  readonly kubeconfig: string;
  readonly lockFile: string;
  readonly portsFile: string;
  readonly seededFlag: string;
  readonly builderFile: string;
  readonly savedSysctls: string;
  readonly containerdState: string;
  readonly containerdSocket: string;
  readonly runcRoot: string;
  readonly supervisorPid: string;
  readonly supervisorSpec: string;
  readonly processStatus: string;
}

/** The layout under a root folder; tests pass folders of their own. */
export function nodePaths(root: string = NODE_DIR, run: string = RUN_DIR): NodePaths {
  const config = join(root, 'config');
  return {
    root,
    run,
    config,
    tls: join(root, 'tls'),
    logs: join(root, 'logs'),
    users: join(root, 'users'),
    domains: join(root, 'domains'),
    volumes: join(root, 'volumes'),
    etcd: join(root, 'etcd'),
    containerd: join(root, 'containerd'),
    registry: join(root, 'registry'),
    registryKey: join(root, 'tls', 'registry-token.key'),
    registryPublicKeys: join(config, 'registry-keys.json'),
    registryPullToken: join(root, 'tls', 'registry-pull.token'),
    kubelet: join(root, 'kubelet'),
    podLogs: join(root, 'pod-logs'),
    cni: join(root, 'cni'),
    caddy: join(root, 'caddy'),
    bin: join(root, 'bin'),
    certsD: join(config, 'certs.d'),
    cniConfig: join(config, 'cni'),
    statusFile: join(root, 'status.json'),
    kubeconfig: join(root, 'kubeconfig'),
    lockFile: join(root, 'lock'),
    portsFile: join(config, 'ports.json'),
    seededFlag: join(root, 'images-seeded'),
    builderFile: join(root, 'builder.json'),
    savedSysctls: join(root, 'sysctls-before.json'),
    containerdState: join(run, 'containerd'),
    containerdSocket: join(run, 'containerd', 'containerd.sock'),
    runcRoot: join(run, 'runc'),
    supervisorPid: join(run, 'supervisor.pid'),
    supervisorSpec: join(config, 'supervisor.json'),
    processStatus: join(run, 'processes.json'),
  };
}
