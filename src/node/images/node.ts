import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../run-command.js';
import { makeDebianRoot, putAccounts, putBusybox, putCertificates, putLink } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

/** As Node 24 brings it. */
const NPM = 'npm@11.21.2';

/** The Node that runs this program, with npm, laid out as the public image. */
export const nodeImage: SeedImage = {
  names: ['docker.io/library/node:24-slim'],
  isExtra: true,
  async prepare(root, options) {
    await makeDebianRoot(root, ['libstdc++6', 'busybox-static'], options);
    putAccounts(root, [['node', 1000]]);
    await putBusybox(root);
    putCertificates(root);
    const bin = join(root, 'usr/local/bin');
    mkdirSync(bin, { recursive: true });
    copyFileSync(process.execPath, join(bin, 'node'));
    await runCommand('npm', ['install', '--global', '--prefix', join(root, 'usr/local'), '--no-audit', '--no-fund', NPM], { signal: options.signal, timeoutMs: 300_000 });
    putLink(root, 'usr/bin/env', '/bin/env');
  },
  recipe: { cmd: ['node'], env: { PATH: PATH_VARIABLE, NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt' } },
};
