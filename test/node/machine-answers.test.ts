import { describe, expect, test } from '@jest/globals';
import { parseProgress } from '../../src/node/binaries.js';
import { isNewEnough } from '../../src/node/go-toolchain.js';
import { plannedFiles } from '../../src/node/images/debian-root.js';
import { missingPackages } from '../../src/node/packages.js';
import { isEmptyTable, removalScript } from '../../src/node/removal/firewall.js';
import { nodeMounts } from '../../src/node/removal/mounts.js';
import { nodePaths } from '../../src/node/node-paths.js';

describe('what the machine’s programs answer', () => {
  test('a Go before 1.26 is not used', () => {
    expect(['go version go1.26.6 linux/amd64', 'go version go1.27rc1 linux/amd64', 'go version go2.0 linux/amd64'].map(isNewEnough)).toEqual([true, true, true]);
    expect(['go version go1.19.8 linux/amd64', 'go version go1.3 linux/amd64', 'bash: go: not found', ''].map(isNewEnough)).toEqual([false, false, false, false]);
  });

  test('only packages whose program is missing are installed', () => {
    expect(missingPackages(() => true)).toEqual([]);
    expect(missingPackages((program) => program !== 'caddy' && program !== 'etcd')).toEqual(['etcd-server', 'caddy']);
  });

  test('the build’s progress becomes percent', () => {
    expect(parseProgress('progress 50 200 apex-kube 12')).toEqual({ percent: 25, what: 'compiling apex-kube' });
    expect(parseProgress('progress 0 1 modules 0')).toEqual({ percent: 0, what: 'fetching its sources' });
    expect(parseProgress('# k8s.io/kubernetes/pkg')).toBeUndefined();
  });

  test('apt’s plan names files, with the colon of an epoch as apt writes it', () => {
    const plan = 'Reading package lists...\nInst libc6 (2.36-9+deb12u13 Debian:12.13/oldstable [amd64])\nInst busybox-static (1:1.35.0-4+b1 Debian:12.13/oldstable [amd64])\nInst nginx-common (1.22.1-9 Debian:12.13/oldstable, Debian-Security:12/oldstable [all]) []\nConf libc6 (2.36)\n';
    expect(plannedFiles(plan)).toEqual([
      { name: 'libc6', file: 'libc6_2.36-9+deb12u13_amd64.deb' },
      { name: 'busybox-static', file: 'busybox-static_1%3a1.35.0-4+b1_amd64.deb' },
      { name: 'nginx-common', file: 'nginx-common_1.22.1-9_all.deb' },
    ]);
  });
});

describe('take-down touches only what is the node’s', () => {
  test('of the firewall, kube-router’s chains and the jumps into them', () => {
    const saved = `*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER-USER - [0:0]
:KUBE-ROUTER-INPUT - [0:0]
:KUBE-POD-FW-AB - [0:0]
-A INPUT -m comment --comment "kube-router netpol - 4IA2" -j KUBE-ROUTER-INPUT
-A INPUT -s 192.0.2.9/32 -j DROP
-A FORWARD -j DOCKER-USER
-A KUBE-ROUTER-INPUT -s 10.244.0.2/32 -j KUBE-POD-FW-AB
COMMIT
`;
    expect(removalScript(saved)).toBe(`*filter
-D INPUT -m comment --comment "kube-router netpol - 4IA2" -j KUBE-ROUTER-INPUT
-F KUBE-ROUTER-INPUT
-F KUBE-POD-FW-AB
-X KUBE-ROUTER-INPUT
-X KUBE-POD-FW-AB
COMMIT
`);
    expect(removalScript('*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.9/32 -j DROP\nCOMMIT\n')).toBe('');
  });

  test('of tables, those that accept everything and hold nothing', () => {
    const chains = (policy: string, rule = '') => `table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority filter; policy ${policy};\n${rule}\t}\n}\n`;
    expect(isEmptyTable(chains('accept'))).toBe(true);
    expect(isEmptyTable(chains('drop'))).toBe(false);
    expect(isEmptyTable(chains('accept', '\t\tip saddr 192.0.2.9 drop\n'))).toBe(false);
  });

  test('of mounts, those under its folders, the latest first', () => {
    const line = (point: string) => `36 35 98:0 / ${point} rw,noatime master:1 - ext4 /dev/x rw`;
    const points = ['/', '/var/lib/apex-node/volumes/a\\040b', '/var/lib/apex-nodes/x', '/run/apex-node/containerd/y', '/run/containerd/z'];
    expect(nodeMounts(nodePaths(), points.map(line).join('\n'))).toEqual(['/run/apex-node/containerd/y', '/var/lib/apex-node/volumes/a b']);
  });
});
