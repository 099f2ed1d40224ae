import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from '../src/config.js';
import { ROUTES } from '../src/rest/routes/all-routes.js';

const README = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
const section = (title: string): string => README.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;

describe('the README', () => {
  it('has a line for each setting, with its default, and no other', () => {
    const expected = Object.entries(SETTINGS.shape).map(([name, schema]) => {
      const parsed = schema.safeParse(undefined);
      const value = parsed.success && parsed.data !== undefined ? String(parsed.data === false ? '0' : parsed.data) : '';
      return `| \`${name}\` | ${value ? `\`${value}\`` : ''} | ${schema.description} |`;
    });
    expect(section('Settings').split('\n').filter((line) => line.startsWith('| `'))).toEqual(expected);
  });

  it('names every endpoint, and no other', () => {
    const named = section('The API').split('\n').filter((line) => /^\| [A-Z]+/.test(line)).flatMap((line) => {
      const [, methods, paths] = line.split('|').map((cell) => cell.trim());
      return methods!.split(', ').flatMap((method) => [...paths!.matchAll(/`([^`]+)`/g)].map(([, path]) => `${method} ${path}`));
    });
    expect(named.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  });
});
