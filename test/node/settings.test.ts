import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCertificates } from '../../src/node/certificates.js';
import { ensureRegistryTokens } from '../../src/node/registry-tokens.js';
import { mirrorHosts } from '../../src/node/registry-mirrors.js';
import { nodePaths, type NodePaths } from '../../src/node/node-paths.js';
import { nftTable } from '../../src/node/pod-network.js';
import { makeFolders } from '../../src/node/prerequisites.js';
import { runCommand } from '../../src/node/run-command.js';
import { supervisedProcesses } from '../../src/node/settings/processes.js';
import { hasCapability, writeSettings } from '../../src/node/write-settings.js';

const ports = { ingress: 8080, registry: 5000 };
let folder: string;
let paths: NodePaths;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-settings-'));
  paths = nodePaths(join(folder, 'data'), join(folder, 'run'));
  makeFolders(paths);
  await ensureCertificates(paths);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (...path: string[]) => readFileSync(join(paths.root, ...path), 'utf8');

describe('certificates', () => {
  test('every leaf is signed by its authority and keys are closed to others', async () => {
    for (const [leaf, ca] of [['apiserver', 'ca'], ['kubelet', 'ca'], ['admin', 'ca'], ['etcd', 'ca'], ['front-proxy-client', 'front-proxy-ca']] as const) {
      await runCommand('openssl', ['verify', '-CAfile', join(paths.tls, `${ca}.crt`), join(paths.tls, `${leaf}.crt`)]);
      expect(statSync(join(paths.tls, `${leaf}.key`)).mode & 0o777).toBe(0o600);
    }
    await expect(runCommand('openssl', ['verify', '-CAfile', join(paths.tls, 'front-proxy-ca.crt'), join(paths.tls, 'admin.crt')])).rejects.toThrow();
  });

  test('a second run makes nothing; near their end leaves are renewed and the authority is kept', async () => {
    const before = [text('tls', 'ca.crt'), text('tls', 'admin.crt'), text('tls', 'service-account.key')];
    expect(await ensureCertificates(paths)).toBe(false);
    expect([text('tls', 'ca.crt'), text('tls', 'admin.crt'), text('tls', 'service-account.key')]).toEqual(before);
    const in340Days = Date.now() + 340 * 24 * 3600_000;
    expect(await ensureCertificates(paths, in340Days)).toBe(true);
    expect(text('tls', 'ca.crt')).toBe(before[0]);
    expect(text('tls', 'admin.crt')).not.toBe(before[1]);
    expect(text('tls', 'service-account.key')).toBe(before[2]);
  });
});

describe('settings', () => {
  test('are written once; the second run says that nothing differs, and the key for Secrets is kept', () => {
    expect(writeSettings(paths, ports)).toBe(true);
    const key = text('config', 'encryption.json');
    expect(writeSettings(paths, ports)).toBe(false);
    expect(writeSettings(paths, { ...ports, ingress: 8888 })).toBe(true);
    expect(text('config', 'encryption.json')).toBe(key);
  });

  test('everything of the node stays in its own folders, so a containerd or kubelet of the machine is not touched', () => {
    const containerd = text('config', 'containerd.toml');
    expect(containerd).toContain(`root = "${paths.containerd}"`);
    expect(containerd).toContain(`state = "${paths.containerdState}"`);
    expect(containerd).toContain(`Root = "${paths.runcRoot}"`);
    expect(containerd).not.toMatch(/\/var\/lib\/containerd|\/etc\/cni/);
    expect(JSON.parse(text('config', 'kubelet.json'))).toMatchObject({ podLogsDir: paths.podLogs, cgroupRoot: '/apex-node', cgroupDriver: 'cgroupfs', makeIPTablesUtilChains: false });
  });

  test('docker.io is asked itself until images were seeded', () => {
    expect(() => text('config', 'certs.d', 'docker.io', 'hosts.toml')).toThrow(/ENOENT/);
    mirrorHosts(paths, ports);
    expect(text('config', 'certs.d', 'docker.io', 'hosts.toml')).toContain('[host."http://127.0.0.1:5000"]');
    expect(text('config', 'certs.d', 'apex.local', 'hosts.toml')).toContain('server = "http://127.0.0.1:5000"');
  });

  test("containerd has a token for the node's registry, which nobody else can read, and a new one before its end without a new start", () => {
    const token = (): string => /Authorization = "Bearer (\S+)"/.exec(text('config', 'certs.d', 'apex.local', 'hosts.toml'))![1]!;
    writeSettings(paths, ports);
    const first = token();
    expect(text('config', 'certs.d', 'docker.io', 'hosts.toml')).toContain(first);
    for (const file of [join(paths.certsD, 'apex.local', 'hosts.toml'), join(paths.certsD, 'docker.io', 'hosts.toml'), paths.registryKey, paths.registryPullToken]) expect(statSync(file).mode & 0o077).toBe(0);
    expect(JSON.stringify(supervisedProcesses(paths, ports)) + text('config', 'registry.yaml') + text('config', 'registry-keys.json')).not.toMatch(/PRIVATE|"d"|eyJ/);
    ensureRegistryTokens(paths, Date.now() + 340 * 24 * 3600_000);
    expect(writeSettings(paths, ports)).toBe(false);
    expect(token()).not.toBe(first);
  });

  test('no key or password is an argument of a process, where every user of the machine could read it', () => {
    const secret = (JSON.parse(text('config', 'encryption.json')) as { resources: [{ providers: [{ secretbox: { keys: [{ secret: string }] } }] }] }).resources[0].providers[0].secretbox.keys[0].secret;
    expect(JSON.stringify(supervisedProcesses(paths, ports))).not.toContain(secret);
    expect(statSync(join(paths.config, 'encryption.json')).mode & 0o777).toBe(0o600);
    expect(statSync(paths.kubeconfig).mode & 0o777).toBe(0o600);
  });

  test('each process waits only for ones that stand before it', () => {
    const seen = new Set<string>();
    for (const { name, after } of supervisedProcesses(paths, ports)) {
      for (const other of after) expect([name, seen.has(other)]).toEqual([name, true]);
      seen.add(name);
    }
    expect([...seen]).toEqual(expect.arrayContaining(['etcd', 'containerd', 'kubernetes', 'kube-router', 'coredns', 'registry', 'caddy', 'controllers']));
  });

  test('etcd, the registry and the control ports listen on loopback only', () => {
    const all = JSON.stringify(supervisedProcesses(paths, ports));
    expect(all).toContain('--listen-client-urls=https://127.0.0.1:2379');
    expect(text('config', 'registry.yaml')).toContain('addr: 127.0.0.1:5000');
    expect(JSON.parse(text('config', 'caddy.json'))).toMatchObject({ admin: { listen: '127.0.0.1:2019' } });
  });

  test('the firewall table is one that nft accepts', async () => {
    const file = join(folder, 'table.nft');
    writeFileSync(file, nftTable(ports));
    await runCommand('nft', ['--check', '--file', file]);
  });

  test('capabilities are read from the kernel’s words', () => {
    expect(hasCapability(24n, 'CapEff:\t000001ffffffffff\n')).toBe(true);
    expect(hasCapability(24n, 'CapEff:\t000001fffeffffff\n')).toBe(false);
    expect(hasCapability(24n, 'no such line')).toBe(false);
  });
});
