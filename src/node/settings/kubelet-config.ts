import { join } from 'node:path';
import { CLUSTER_DOMAIN, KUBELET_PORT, NODE_ADDRESS } from '../addresses.js';
import { CGROUP_NAME } from '../cgroups.js';
import type { NodePaths } from '../node-paths.js';

/** More pods than Kubernetes' usual 110: one node has to hold everything. */
export const MAX_PODS = 500;

/** The gate behind which the log API tells stdout from stderr; the API server has it too. */
export const SPLIT_LOGS = 'PodLogsQuerySplitStreams';

/** The kubelet's settings; `mayRaisePriority` is false where the machine lacks CAP_SYS_RESOURCE. */
export function kubeletConfig(paths: NodePaths, options: { mayRaisePriority: boolean }): unknown {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: NODE_ADDRESS,
    port: KUBELET_PORT,
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    tlsCertFile: join(paths.tls, 'kubelet-serving.crt'),
    tlsPrivateKeyFile: join(paths.tls, 'kubelet-serving.key'),
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: join(paths.tls, 'ca.crt') } },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${paths.containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${CGROUP_NAME}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: options.mayRaisePriority ? -999 : 0,
    featureGates: { [SPLIT_LOGS]: true, ...(options.mayRaisePriority ? {} : { KubeletInUserNamespace: true }) },
    clusterDomain: CLUSTER_DOMAIN,
    clusterDNS: [NODE_ADDRESS],
    maxPods: MAX_PODS,
    seccompDefault: true,
    makeIPTablesUtilChains: false,
    podLogsDir: paths.podLogs,
    volumePluginDir: join(paths.kubelet, 'volume-plugins'),
    containerLogMaxSize: '10Mi',
    containerLogMaxFiles: 3,
    serializeImagePulls: false,
    maxParallelImagePulls: 4,
    registryPullQPS: 0,
    eventRecordQPS: 0,
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    // A laptop's disk is often nine tenths full, which the defaults would take for an emergency.
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '3%', 'imagefs.available': '3%', 'nodefs.inodesFree': '2%' },
    imageGCHighThresholdPercent: 95,
    imageGCLowThresholdPercent: 90,
    shutdownGracePeriod: '0s',
  };
}
