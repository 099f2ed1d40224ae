import { describe, expect, test } from '@jest/globals';
import { parseImage } from '../../src/outside/image-reference.js';
import { isImageReference } from '../../src/schema/image-reference.js';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const VALID = [
  'nginx', 'nginx:alpine', 'library/nginx', 'owner/app', 'owner/group/app:v1.2.3-rc.1', 'docker.io/library/nginx:1', 'ghcr.io/owner/app', `nginx@${DIGEST}`, `nginx:1@${DIGEST}`,
  'localhost/app', 'localhost:5000/app', '127.0.0.1:5000/app:latest', 'registry.example.com:443/a/b/c:T', 'apex.local/hello', 'a__b/c-d/e.f', 'my---app', 'Registry.Example.com/app', 'host:1/app', `a:${'t'.repeat(128)}`,
];
const INVALID = [
  '', ' ', 'nginx ', ' nginx', 'nginx:', ':tag', '@', 'nginx@', `nginx@${DIGEST}0`, `nginx@md5:${'0'.repeat(32)}`, `nginx@${DIGEST.toUpperCase()}`, 'NGINX', 'Owner/app', 'owner//app', '/nginx', 'nginx/', 'a..b', 'a___b', '-a', 'a-',
  'a:b:c', 'nginx:-tag', `a:${'t'.repeat(129)}`, 'http://ghcr.io/owner/app', 'user:password@ghcr.io/app', 'ghcr.io/owner/app?tag=1', '../nginx', 'nginx;id', 'nginx$(id)', 'nginx\n', 'nginx\0', 'ünginx', '-host.com/app', 'host-.com/app', 'a'.repeat(256), '[::1]:5000/app',
  'x/'.repeat(10_000), `${'a-'.repeat(255)}!`, `${'a.'.repeat(255)}/`, `${'a'.repeat(511)}!`, `a${'_'.repeat(510)}`,
];

describe('an image reference', () => {
  test.each(VALID)('%s is one', (image) => {
    expect(isImageReference(image)).toBe(true);
  });

  test.each(INVALID.map((image) => [image]))('%j is none, whatever its length', (image) => {
    const cost = () => {
      const before = process.cpuUsage();
      expect(isImageReference(image)).toBe(false);
      return process.cpuUsage(before).user / 1000;
    };
    // The least of three: the garbage of other tests may be collected meanwhile.
    expect(Math.min(cost(), cost(), cost())).toBeLessThan(50);
  });

  test('what the API takes, the registry client can read', () => {
    for (const image of VALID) expect([image, parseImage(image)]).toEqual([image, expect.objectContaining({ repository: expect.any(String) })]);
  });
});
