import { makeDebianRoot, putAccounts, putBusybox } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

/** Debian's static busybox under the public image's name. */
export const busyboxImage: SeedImage = {
  names: ['docker.io/library/busybox:latest'],
  async prepare(root, options) {
    await makeDebianRoot(root, ['busybox-static'], options);
    putAccounts(root, []);
    await putBusybox(root);
  },
  recipe: { cmd: ['sh'], env: { PATH: PATH_VARIABLE } },
};
