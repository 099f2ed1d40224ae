import { relative } from 'node:path';
import { homeDomain } from '../node/home-domains.js';
import { nodePaths } from '../node/node-paths.js';
import { readStatus } from '../node/node-status.js';
import type { ClusterChoice } from './cluster/choice.js';
import type { Home } from './home.js';
import type { ProcessRecord } from './process/records.js';

const SAMPLE = { name: 'hello', image: 'apex.local/hello', containerPort: 8080, public: true };

/** What a user reads when all is up: the address, where the token is, and a first deploy to paste. Never the token. */
export function welcome(home: Home, server: ProcessRecord, cluster: ClusterChoice): string {
  const url = server.url!;
  const credentials = shortest(home.credentialsFile);
  const lines = ['', `Dashboard  ${url}`, `API        ${url}/api/docs`, `Token      in ${credentials} (the first sign-in asks for it)`];
  if (cluster.kind === 'none') return [...lines, '', 'There is no cluster (--no-cluster): what needs one answers 503.', ''].join('\n');
  const sample = cluster.kind === 'embedded' ? SAMPLE : { ...SAMPLE, image: 'nginx:alpine', containerPort: 80 };
  return [
    ...lines,
    '',
    'A first deploy to paste:',
    '',
    `  curl -sS ${url}/api/deploy \\`,
    `    -H "Authorization: Bearer $(sed -n 's/.*"token": *"\\([^"]*\\)".*/\\1/p' ${credentials})" \\`,
    `    -H 'Content-Type: application/json' \\`,
    `    -d '${JSON.stringify(sample)}'`,
    '',
    `It answers at ${cluster.kind === 'embedded' ? sampleUrl(home) : 'the "url" that the service then has'}`,
    '',
  ].join('\n');
}

function sampleUrl(home: Home): string {
  const { ingressPort } = readStatus(nodePaths());
  return `http://${SAMPLE.name}.${homeDomain(nodePaths(), home.path)}${ingressPort && ingressPort !== 80 ? `:${ingressPort}` : ''}/`;
}

function shortest(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
