import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from './json-file.js';
import type { NodePaths } from './node-paths.js';
import { API_SERVICE_ADDRESS, CLUSTER_DOMAIN, NODE_ADDRESS, NODE_NAME } from './addresses.js';
import { runCommand } from './run-command.js';

const CA_DAYS = 3650;
const LEAF_DAYS = 365;
const RENEW_BEFORE_MS = 30 * 24 * 3600_000;

/** What one leaf certificate is for. */
interface Leaf {
  readonly name: string;
  readonly ca: 'ca' | 'front-proxy-ca';
  /** The user that the API server sees. */
  readonly commonName: string;
  readonly organization?: string;
  readonly usage: 'serverAuth' | 'clientAuth' | 'serverAuth,clientAuth';
  readonly names?: readonly string[];
}

const API_NAMES = [
  'DNS:localhost', 'DNS:kubernetes', 'DNS:kubernetes.default', 'DNS:kubernetes.default.svc', `DNS:kubernetes.default.svc.${CLUSTER_DOMAIN}`,
  'IP:127.0.0.1', `IP:${NODE_ADDRESS}`, `IP:${API_SERVICE_ADDRESS}`,
];

/** Every leaf of the node. Each program has its own user, so that the audit log and RBAC can tell them apart. */
export const LEAVES: readonly Leaf[] = [
  { name: 'apiserver', ca: 'ca', commonName: 'kube-apiserver', usage: 'serverAuth', names: API_NAMES },
  { name: 'apiserver-etcd-client', ca: 'ca', commonName: 'kube-apiserver-etcd-client', usage: 'clientAuth' },
  { name: 'apiserver-kubelet-client', ca: 'ca', commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters', usage: 'clientAuth' },
  { name: 'etcd', ca: 'ca', commonName: 'etcd', usage: 'serverAuth,clientAuth', names: ['DNS:localhost', 'IP:127.0.0.1'] },
  { name: 'front-proxy-client', ca: 'front-proxy-ca', commonName: 'front-proxy-client', usage: 'clientAuth' },
  { name: 'kubelet-serving', ca: 'ca', commonName: `system:node:${NODE_NAME}`, organization: 'system:nodes', usage: 'serverAuth', names: [`DNS:${NODE_NAME}`, 'IP:127.0.0.1', `IP:${NODE_ADDRESS}`] },
  { name: 'kubelet', ca: 'ca', commonName: `system:node:${NODE_NAME}`, organization: 'system:nodes', usage: 'clientAuth' },
  { name: 'controller-manager', ca: 'ca', commonName: 'system:kube-controller-manager', usage: 'clientAuth' },
  { name: 'scheduler', ca: 'ca', commonName: 'system:kube-scheduler', usage: 'clientAuth' },
  { name: 'kube-proxy', ca: 'ca', commonName: 'system:kube-proxy', usage: 'clientAuth' },
  { name: 'kube-router', ca: 'ca', commonName: 'apex:kube-router', usage: 'clientAuth' },
  { name: 'coredns', ca: 'ca', commonName: 'apex:coredns', usage: 'clientAuth' },
  { name: 'controllers', ca: 'ca', commonName: 'apex:controllers', usage: 'clientAuth' },
  { name: 'admin', ca: 'ca', commonName: 'apex:admin', organization: 'system:masters', usage: 'clientAuth' },
];

/**
 * Makes what is missing and renews leaves that end within a month. The authorities are kept as long as they last.
 * Answers whether anything was made, since running programs have to be started anew for it.
 */
export async function ensureCertificates(paths: NodePaths, now = Date.now()): Promise<boolean> {
  let changed = false;
  const renewed: Record<string, boolean> = {};
  for (const ca of ['ca', 'front-proxy-ca'] as const) {
    renewed[ca] = !isValid(join(paths.tls, `${ca}.crt`), now);
    if (renewed[ca]) {
      await makeAuthority(paths, ca);
      changed = true;
    }
  }
  const serviceAccountKey = join(paths.tls, 'service-account.key');
  if (!existsSync(serviceAccountKey)) {
    await openssl(['genrsa', '-out', `${serviceAccountKey}.new`, '2048']);
    writeFileAtomically(serviceAccountKey, readFileSync(`${serviceAccountKey}.new`, 'utf8'));
    rmSync(`${serviceAccountKey}.new`);
  }
  for (const leaf of LEAVES) {
    if (!renewed[leaf.ca] && isValid(join(paths.tls, `${leaf.name}.crt`), now)) continue;
    await makeLeaf(paths, leaf);
    changed = true;
  }
  return changed;
}

function isValid(path: string, now: number): boolean {
  if (!existsSync(path) || !existsSync(path.replace(/\.crt$/, '.key'))) return false;
  try {
    return new X509Certificate(readFileSync(path)).validToDate.getTime() - RENEW_BEFORE_MS > now;
  } catch {
    return false;
  }
}

async function makeAuthority(paths: NodePaths, name: string): Promise<void> {
  const key = join(paths.tls, `${name}.key`);
  const certificate = join(paths.tls, `${name}.crt`);
  await newKey(key);
  await openssl([
    'req', '-x509', '-new', '-key', key, '-out', certificate, '-days', String(CA_DAYS), '-subj', `/CN=apex-node-${name}`,
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature',
  ]);
}

async function makeLeaf(paths: NodePaths, leaf: Leaf): Promise<void> {
  const at = (suffix: string) => join(paths.tls, `${leaf.name}.${suffix}`);
  await newKey(at('key'));
  const subject = `${leaf.organization ? `/O=${leaf.organization}` : ''}/CN=${leaf.commonName}`;
  await openssl(['req', '-new', '-key', at('key'), '-out', at('csr'), '-subj', subject]);
  writeFileAtomically(
    at('ext'),
    ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', `extendedKeyUsage=${leaf.usage}`, ...(leaf.names ? [`subjectAltName=${leaf.names.join(',')}`] : [])].join('\n'),
  );
  const ca = join(paths.tls, leaf.ca);
  await openssl(['x509', '-req', '-in', at('csr'), '-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-out', at('crt'), '-days', String(LEAF_DAYS), '-extfile', at('ext')]);
  for (const suffix of ['csr', 'ext']) rmSync(at(suffix), { force: true });
}

/** Elliptic keys: as strong as RSA here, and made in a hundredth of the time. */
async function newKey(path: string): Promise<void> {
  writeFileAtomically(path, '');
  await openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path]);
}

async function openssl(args: readonly string[]): Promise<void> {
  await runCommand('openssl', args, { timeoutMs: 30_000 });
}
