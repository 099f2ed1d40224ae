import { readFileSync, writeFileSync, existsSync, rmSync } from 'node:fs';
import { API_PORT, BRIDGE, KUBELET_PORT, NODE_ADDRESS, POD_CIDR } from './addresses.js';
import { readJson, writeJson } from './json-file.js';
import { NodeProblem } from './node-problem.js';
import type { NodePaths } from './node-paths.js';
import type { NodePorts } from './node-ports.js';
import { runCommand, tryCommand } from './run-command.js';

/** The one nft table that is this file's; kube-proxy and kube-router have their own. */
export const NFT_TABLE = 'apex_node';

/**
 * kube-router marks every packet that its policies let pass. A pod that has just started is not known to it for up to a
 * second; without the two chains that ask for the mark, it could go anywhere for as long.
 */
const JUDGED = '0x20000';

/** Settings of the kernel that the node or the kubelet changes; they are put back at take-down. */
const CHANGED_SYSCTLS = [
  'net/ipv4/ip_forward', 'net/bridge/bridge-nf-call-iptables', 'vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys', 'kernel/keys/root_maxbytes',
];

/** Makes the bridge before the first pod does, so that the DNS server and the kubelet can bind to its address at once. */
export async function makePodNetwork(paths: NodePaths, ports: NodePorts): Promise<void> {
  await requireBridgeFilter();
  saveSysctls(paths);
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  writeFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', '1');
  if ((await tryCommand('ip', ['link', 'show', BRIDGE])).code !== 0) await runCommand('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  await runCommand('ip', ['address', 'replace', `${NODE_ADDRESS}/${POD_CIDR.split('/')[1]}`, 'brd', '+', 'dev', BRIDGE]);
  await runCommand('ip', ['link', 'set', BRIDGE, 'up']);
  await runCommand('nft', ['-f', '-'], { input: nftTable(ports) });
}

/**
 * Rules of the node itself: what pods look like outside, and who may reach what. Pods find the name server, the API
 * server (which policies close to tenants) and what is published; whatever else listens on this machine is not theirs.
 */
export function nftTable(ports: NodePorts): string {
  return `table inet ${NFT_TABLE} {}
delete table inet ${NFT_TABLE}
table inet ${NFT_TABLE} {
  chain leaving_pods {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${POD_CIDR} ip daddr != ${POD_CIDR} oifname != "${BRIDGE}" masquerade
  }
  chain close_to_other_machines {
    type filter hook input priority filter - 10; policy accept;
    iifname != { "lo", "${BRIDGE}" } tcp dport ${API_PORT} drop
    iifname != "lo" ip daddr ${NODE_ADDRESS} tcp dport ${KUBELET_PORT} drop
  }
  chain close_to_pods {
    type filter hook input priority filter - 10; policy accept;
    iifname != "${BRIDGE}" accept
    ct state established,related accept
    meta l4proto icmp accept
    ip daddr ${NODE_ADDRESS} meta l4proto { tcp, udp } th dport 53 accept
    tcp dport { ${API_PORT}, ${ports.ingress} } accept
    drop
  }
  chain no_way_to_pods_but_the_ingress {
    type filter hook forward priority filter - 10; policy accept;
    iifname != "${BRIDGE}" oifname "${BRIDGE}" ct state new drop
    iifname "${BRIDGE}" ip daddr 169.254.0.0/16 drop
  }
  chain unknown_pods_wait {
    type filter hook forward priority filter + 10; policy accept;
    iifname "${BRIDGE}" ct state new meta mark & ${JUDGED} == 0 drop
  }
  chain unknown_pods_wait_at_the_node {
    type filter hook input priority filter + 10; policy accept;
    iifname "${BRIDGE}" ct state new meta l4proto { tcp, udp } th dport != 53 meta mark & ${JUDGED} == 0 drop
  }
}
`;
}

/** Removes the bridge, every pod's end of a wire to it, and the table; settings go back to what they were. */
export async function removePodNetwork(paths: NodePaths): Promise<void> {
  for (const link of await linksOnBridge()) await tryCommand('ip', ['link', 'delete', link]);
  await tryCommand('ip', ['link', 'delete', BRIDGE]);
  await tryCommand('nft', ['delete', 'table', 'inet', NFT_TABLE]);
  await restoreSysctls(paths);
}

async function linksOnBridge(): Promise<string[]> {
  const { code, stdout } = await tryCommand('ip', ['-o', 'link', 'show', 'master', BRIDGE]);
  if (code !== 0) return [];
  return [...stdout.matchAll(/^\d+: ([^@:]+)/gm)].map((match) => match[1]!);
}

/** Without it packets between two pods pass the bridge unseen by the firewall, and no policy would hold. */
async function requireBridgeFilter(): Promise<void> {
  if (existsSync('/proc/sys/net/bridge')) return;
  await tryCommand('modprobe', ['br_netfilter']);
  if (existsSync('/proc/sys/net/bridge')) return;
  throw new NodeProblem('The kernel module br_netfilter is missing, without which network policies would not hold; run "modprobe br_netfilter", or use a kernel that has it.');
}

function saveSysctls(paths: NodePaths): void {
  if (existsSync(paths.savedSysctls)) return;
  const saved = CHANGED_SYSCTLS.filter((name) => existsSync(`/proc/sys/${name}`)).map((name) => [name, readFileSync(`/proc/sys/${name}`, 'utf8').trim()]);
  writeJson(paths.savedSysctls, Object.fromEntries(saved));
}

async function restoreSysctls(paths: NodePaths): Promise<void> {
  const saved = readJson<Record<string, string>>(paths.savedSysctls) ?? {};
  // Another container engine that was started meanwhile found forwarding on and relies on it.
  const bridges = (await tryCommand('ip', ['-o', 'link', 'show', 'type', 'bridge'])).stdout.trim();
  for (const [name, value] of Object.entries(saved)) {
    if (bridges && name.startsWith('net/')) continue;
    try {
      writeFileSync(`/proc/sys/${name}`, value);
    } catch {
      // A module that is gone took its settings with it.
    }
  }
  rmSync(paths.savedSysctls, { force: true });
}
