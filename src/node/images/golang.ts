import { cpSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { goToolchain } from '../go-toolchain.js';
import { makeDebianRoot, putAccounts, putBusybox, putCertificates } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

const GO = 'usr/local/go';
/** What compiles a program; Go's own tests and the sources of its commands are half of its size. */
const PARTS = ['VERSION', 'go.env', 'bin', 'lib', 'pkg', 'src'];
const UNREAD = /^src\/cmd\/|(^|\/)testdata(\/|$)|_test\.go$/;

/** The Go that compiles the node's own programs, laid out as the public image. */
export const golangImage: SeedImage = {
  names: ['docker.io/library/golang:alpine'],
  isExtra: true,
  async prepare(root, options) {
    await makeDebianRoot(root, ['busybox-static'], options);
    putAccounts(root, []);
    await putBusybox(root);
    putCertificates(root);
    const from = dirname(dirname(await goToolchain(dirname(options.debs), { signal: options.signal })));
    for (const part of PARTS) cpSync(join(from, part), join(root, GO, part), { recursive: true, dereference: true, filter: (source) => !UNREAD.test(relative(from, source)) });
  },
  recipe: { cmd: ['sh'], env: { PATH: `/go/bin:/${GO}/bin:${PATH_VARIABLE}`, GOPATH: '/go' }, workDir: '/go' },
};
