import { makeDebianRoot, putAccounts, putBusybox, putCertificates, putLink } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

/** What `python -m venv` installs pip from comes in packages of its own. */
const PACKAGES = ['python3.11', 'python3.11-minimal', 'python3.11-venv', 'python3-distutils', 'python3-lib2to3', 'python3-pip-whl', 'python3-setuptools-whl', 'media-types', 'busybox-static'];

/** Debian's Python with pip in its virtual environments, laid out as the public image. */
export const pythonImage: SeedImage = {
  names: ['docker.io/library/python:3.11-slim'],
  isExtra: true,
  async prepare(root, options) {
    await makeDebianRoot(root, PACKAGES, options);
    putAccounts(root, []);
    await putBusybox(root);
    putCertificates(root);
    for (const name of ['python', 'python3']) putLink(root, `usr/local/bin/${name}`, '/usr/bin/python3.11');
  },
  recipe: { cmd: ['python3'], env: { PATH: PATH_VARIABLE } },
};
