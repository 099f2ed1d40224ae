import { expect, test } from '@jest/globals';
import { parseImage, pinned } from '../../src/outside/image-reference.js';

const DIGEST = `sha256:${'0'.repeat(64)}`;

test.each([
  ['nginx', 'docker.io', 'library/nginx', 'latest', null],
  ['nginx:alpine', 'docker.io', 'library/nginx', 'alpine', null],
  ['bitnami/redis:7', 'docker.io', 'bitnami/redis', '7', null],
  ['index.docker.io/library/nginx', 'docker.io', 'library/nginx', 'latest', null],
  ['ghcr.io/Owner/app', null, null, null, null],
  ['ghcr.io/owner/app:v1.2', 'ghcr.io', 'owner/app', 'v1.2', null],
  ['localhost:5000/a/b/c', 'localhost:5000', 'a/b/c', 'latest', null],
  [`apex.local/hello@${DIGEST}`, 'apex.local', 'hello', null, DIGEST],
  [`apex.local/hello:1@${DIGEST}`, 'apex.local', 'hello', '1', DIGEST],
  ['', null, null, null, null],
  ['nginx:', null, null, null, null],
  ['nginx@sha256:short', null, null, null, null],
  ['../etc/passwd', null, null, null, null],
  ['a b', null, null, null, null],
])('%s', (image, registry, repository, tag, digest) => {
  expect(parseImage(image)).toEqual(registry === null ? null : { registry, repository, tag, digest });
});

test('a digest replaces the tag', () => {
  expect(pinned(parseImage('nginx:alpine')!, DIGEST)).toBe(`docker.io/library/nginx@${DIGEST}`);
});
