import { REGISTRY_NAME } from '../addresses.js';
import type { NodePaths } from '../node-paths.js';

/** The image whose one process holds a pod's namespaces; it comes from the node's own registry. */
export const PAUSE_IMAGE = `${REGISTRY_NAME}/pause:1`;

/**
 * A containerd of the node's own: its root, state, socket and runc folder are apart, so that a containerd or Docker that
 * the machine runs already is not touched.
 */
export function containerdConfig(paths: NodePaths, options: { mayRaisePriority: boolean }): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${paths.containerd}"
state = "${paths.containerdState}"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

[grpc]
  address = "${paths.containerdSocket}"

[${cri}]
  sandbox_image = "${PAUSE_IMAGE}"
  stream_server_address = "127.0.0.1"
  # Without CAP_SYS_RESOURCE (some virtual machines) a container's OOM score cannot be lowered, and the attempt fails its start.
  restrict_oom_score_adj = ${!options.mayRaisePriority}
  netns_mounts_under_state_dir = true
  max_concurrent_downloads = 4

[${cri}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
  discard_unpacked_layers = true

[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
  Root = "${paths.runcRoot}"
  SystemdCgroup = false

[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${paths.cniConfig}"

[${cri}.registry]
  config_path = "${paths.certsD}"
`;
}

/** Tells containerd that images called apex.local/… come from the registry on loopback, without TLS and with its token. */
export function localRegistryHosts(registryPort: number, token: string | undefined): string {
  return `server = "http://127.0.0.1:${registryPort}"

${host(registryPort, token)}`;
}

/** The local registry asked first under another registry's names; with no server named here, that registry itself is next. */
export const mirroredHosts = (registryPort: number, token: string | undefined): string => host(registryPort, token);

function host(port: number, token: string | undefined): string {
  const name = `host."http://127.0.0.1:${port}"`;
  return `[${name}]
  capabilities = ["pull", "resolve"]
${token === undefined ? '' : `
[${name}.header]
  Authorization = "Bearer ${token}"
`}`;
}
