import { expect, test } from '@jest/globals';
import { repositoryUrl } from '../../../src/orchestrator/build/repository-url.js';

test.each([
  ['https://github.com', undefined, 'https://github.com/acme/web.git'],
  ['https://github.com/', 'github.com', 'https://github.com/acme/web.git'],
  ['http://127.0.0.1:3001/git', '127.0.0.1:3001', 'http://127.0.0.1:3001/git/acme/web.git'],
  ['https://github.com', 'git.example.com:8443', 'https://git.example.com:8443/acme/web.git'],
])('from %s, with the host %s, a repository is at %s', (gitUrl, host, wanted) => {
  expect(repositoryUrl(gitUrl, { ...(host && { host }), repository: 'acme/web' }).href).toBe(wanted);
});
