import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeDebianRoot, putAccounts, putBusybox, putFile, putLink } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

const CONFIG = `user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $body_bytes_sent "$http_referer" '
                    '"$http_user_agent" "$http_x_forwarded_for"';
    access_log /var/log/nginx/access.log main;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
`;

const DEFAULT_SERVER = `server {
    listen 80;
    server_name localhost;
    location / {
        root /usr/share/nginx/html;
        index index.html index.htm;
    }
    error_page 500 502 503 504 /50x.html;
    location = /50x.html { root /usr/share/nginx/html; }
}
`;

/** Debian's nginx laid out as the public image: port 80, in the foreground, its logs on the container's output. */
export const nginxImage: SeedImage = {
  names: ['docker.io/library/nginx:alpine', 'docker.io/library/nginx:latest'],
  async prepare(root, options) {
    await makeDebianRoot(root, ['nginx', 'busybox-static'], options);
    putAccounts(root, [['nginx', 101]]);
    await putBusybox(root);
    putFile(root, 'etc/nginx/nginx.conf', CONFIG);
    putFile(root, 'etc/nginx/conf.d/default.conf', DEFAULT_SERVER);
    putLink(root, 'var/log/nginx/access.log', '/dev/stdout');
    putLink(root, 'var/log/nginx/error.log', '/dev/stderr');
    for (const folder of ['run', 'var/cache/nginx', 'var/lib/nginx', 'root']) mkdirSync(join(root, folder), { recursive: true });
  },
  recipe: { cmd: ['nginx', '-g', 'daemon off;'], env: { PATH: PATH_VARIABLE }, ports: [80] },
};
