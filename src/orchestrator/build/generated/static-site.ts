import { dockerfileOf, plainCommand } from './dockerfile-words.js';
import type { ProjectImages, GeneratedDockerfile } from './project.js';
import type { SourceFolder } from './source-folder.js';

const WEB = '/usr/share/nginx/html';
const SITE = '/etc/nginx/site.conf';

/** Pages that are there as they are. */
export function staticDockerfile(folder: SourceFolder, images: ProjectImages): GeneratedDockerfile | null {
  const root = ['', 'public/'].find((path) => folder.has(`${path}index.html`));
  if (root === undefined) return null;
  return { kind: `a static site (${root}index.html)`, dockerfile: dockerfileOf([`FROM ${images.static}`, `COPY ${root || '.'} ${WEB}`, ...pageServer(folder.has(`${root}404.html`) ? '/404.html' : null)]) };
}

/**
 * The lines that serve pages with nginx on `$PORT`. `otherwise`: the page for an address that is none, with status 404;
 * `/index.html` is for those that find their way by themselves in the browser, and comes with 200.
 */
export function pageServer(otherwise: string | null): string[] {
  const last = otherwise === '/index.html' ? '/index.html' : '=404';
  return [
    `COPY <<'EOF' ${SITE}`,
    'server {',
    '    listen __PORT__;',
    `    root ${WEB};`,
    '    index index.html;',
    // What a repository holds for other eyes: .git, .env, and how it is built.
    '    location ~ /\\.(?!well-known/) { return 404; }',
    '    location ~ ^/(Dockerfile|Procfile|docker-compose\\.ya?ml)$ { return 404; }',
    `    location / { try_files $uri $uri/ $uri.html ${last}; }`,
    otherwise && otherwise !== '/index.html' ? `    error_page 404 ${otherwise};` : null,
    '}',
    'EOF',
    plainCommand('sh', '-c', `sed "s/__PORT__/\${PORT:-80}/" ${SITE} > /etc/nginx/conf.d/default.conf && exec nginx -g "daemon off;"`),
  ].filter((line) => line !== null);
}
