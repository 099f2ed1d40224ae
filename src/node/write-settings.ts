import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REGISTRY_NAME } from './addresses.js';
import { writeFileAtomically } from './json-file.js';
import { writeKubeconfigs, kubeconfigOf } from './kubeconfigs.js';
import type { NodePaths } from './node-paths.js';
import type { NodePorts } from './node-ports.js';
import { mirrorHosts } from './registry-mirrors.js';
import { ensureRegistryTokens, pullToken } from './registry-tokens.js';
import { auditPolicy, encryptionConfig } from './settings/api-server-config.js';
import { cniConfig } from './settings/cni-config.js';
import { containerdConfig, localRegistryHosts } from './settings/containerd-config.js';
import { corefile, MACHINE_RESOLVER } from './settings/dns-config.js';
import { caddyConfig } from './settings/ingress-config.js';
import { kubeletConfig } from './settings/kubelet-config.js';
import { supervisorSpec } from './settings/processes.js';
import { registryConfig } from './settings/registry-config.js';

const CAP_SYS_RESOURCE = 24n;

/** Writes every file that the node's programs read. Answers whether any differs from what was there. */
export function writeSettings(paths: NodePaths, ports: NodePorts): boolean {
  const options = { mayRaisePriority: hasCapability(CAP_SYS_RESOURCE) };
  const inConfig = (name: string) => join(paths.config, name);
  ensureRegistryTokens(paths);
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const files: Array<readonly [path: string, content: string]> = [
    [inConfig('containerd.toml'), containerdConfig(paths, options)],
    [join(paths.cniConfig, '10-apex.conflist'), json(cniConfig(paths))],
    [inConfig('kubelet.json'), json(kubeletConfig(paths, options))],
    [inConfig('audit-policy.json'), json(auditPolicy())],
    [inConfig('Corefile'), corefile({ kubeconfig: kubeconfigOf(paths, 'coredns'), machineResolves: machineResolves() })],
    [inConfig('registry.yaml'), registryConfig(paths, ports.registry)],
    [inConfig('caddy.json'), json(caddyConfig())],
    [paths.supervisorSpec, json(supervisorSpec(paths, ports))],
  ];
  // The key is made once: with another one, the Secrets of before could not be read.
  const encryption = inConfig('encryption.json');
  if (!existsSync(encryption)) files.push([encryption, json(encryptionConfig())]);

  let changed = false;
  for (const [path, content] of files) {
    if (existsSync(path) && readFileSync(path, 'utf8') === content) continue;
    writeFileAtomically(path, content);
    changed = true;
  }
  // containerd reads these at each pull, so a new token needs no new start.
  writeFileAtomically(join(paths.certsD, REGISTRY_NAME, 'hosts.toml'), localRegistryHosts(ports.registry, pullToken(paths)));
  if (existsSync(paths.seededFlag)) mirrorHosts(paths, ports);
  writeKubeconfigs(paths);
  return changed;
}

/** Whether this process, and so the node's, has a capability of the kernel. */
export function hasCapability(bit: bigint, status: string = readFileSync('/proc/self/status', 'utf8')): boolean {
  const match = /^CapEff:\s*([0-9a-f]+)/m.exec(status);
  return match !== null && ((BigInt(`0x${match[1]}`) >> bit) & 1n) === 1n;
}

function machineResolves(): boolean {
  return existsSync(MACHINE_RESOLVER) && /^\s*nameserver\s+\S/m.test(readFileSync(MACHINE_RESOLVER, 'utf8'));
}
