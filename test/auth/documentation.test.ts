import { expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { permissionTable } from '../../src/auth/permission-table.js';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'access.md'), 'utf8');

test('docs/access.md shows the table of permissions as it is (after a change: npm run build && npm run permissions)', () => {
  expect(PAGE.split('<!-- permissions -->\n')[1]!.split('\n<!-- end -->')[0]).toBe(permissionTable());
});

test('each attack that docs/access.md tells of has its test', () => {
  const files = [...PAGE.split('## Tried attacks')[1]!.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file!);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(import.meta.dirname, '..', '..', file)))).toEqual([]);
});
