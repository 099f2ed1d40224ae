import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeDebianRoot, putAccounts, putBusybox, putFile } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

/** As the public image: options or a configuration file alone mean the server, which then runs as its own user. */
const ENTRYPOINT = `#!/bin/sh
set -e
case "\${1:-}" in -*|*.conf) set -- redis-server "$@" ;; esac
if [ "\${1:-}" = redis-server ] && [ "$(id -u)" = 0 ]; then
  chown -R redis:redis .
  exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi
if [ "\${1:-}" = redis-server ]; then shift; set -- redis-server "$@" --protected-mode no; fi
exec "$@"
`;

/** Debian's Redis laid out as the public image: its data in /data, reachable from elsewhere. */
export const redisImage: SeedImage = {
  names: ['docker.io/library/redis:7', 'docker.io/library/redis:latest'],
  async prepare(root, options) {
    await makeDebianRoot(root, ['redis-server', 'redis-tools', 'util-linux', 'busybox-static'], options);
    putAccounts(root, [['redis', 999]]);
    await putBusybox(root);
    putFile(root, 'usr/local/bin/docker-entrypoint.sh', ENTRYPOINT, 0o755);
    mkdirSync(join(root, 'data'), { recursive: true });
    chmodSync(join(root, 'data'), 0o1777);
  },
  recipe: { entrypoint: ['docker-entrypoint.sh'], cmd: ['redis-server'], env: { PATH: PATH_VARIABLE }, ports: [6379], workDir: '/data' },
};
