import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';

const SRC = join(import.meta.dirname, '..', 'src');

/** Rooms of the house, and which of the others each may import (types too). `server` is the composition root with its parts. */
const ROOMS: Record<string, readonly string[] | 'all but the command and the node'> = {
  server: 'all but the command and the node',
  config: [],
  ground: ['ground'],
  entities: ['errors'],
  vault: ['errors', 'logger', 'entities'],
  limits: ['errors', 'logger', 'entities'],
  queue: ['errors', 'logger', 'entities', 'events'],
  outside: ['errors', 'logger'],
  auth: ['entities', 'errors', 'context'],
  schema: ['entities', 'auth', 'errors', 'context'],
  resolvers: ['schema', 'entities', 'auth', 'vault', 'queue', 'outside', 'operation', 'errors', 'events', 'context', 'orchestrator/port'],
  orchestrator: ['entities', 'vault', 'queue', 'outside', 'errors', 'events', 'logger', 'config'],
  rest: ['operation', 'errors', 'logger', 'context'],
  webhooks: ['operation', 'errors', 'logger', 'context'],
  schedule: ['operation', 'errors', 'logger', 'context'],
  cli: ['node'],
  node: ['config', 'errors', 'outside/registry-token'],
};

/** The dashboard is a client like any other: it knows the server by the operations that are made of the schema, and nothing of its sources. */
const WEB = join(SRC, '..', 'web');
const WEB_PACKAGES = ['react', 'react-dom', 'urql', 'graphql-ws'];

/** Files of the ground floor: they know only each other's types. */
const GROUND = ['errors', 'context', 'operation', 'events', 'logger'];
const COMPOSITION = ['main', 'server', 'operation-runner'];

interface Import {
  file: string;
  /** Path below src without ending, or a package's name. */
  target: string;
  isOurs: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => file.replaceAll(sep, '/'));
const text = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]));
const imports: Import[] = files.flatMap((file) => importsOf(file));

describe('the house', () => {
  it('has every file in a room of the table', () => {
    expect(files.filter((file) => roomOf(file) === null)).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
  });

  it('has no arrow between rooms that the table lacks', () => {
    expect(imports.filter(({ isOurs }) => isOurs).filter(({ file, target }) => !isAllowed(file, target)).map(arrow)).toEqual([]);
  });

  it('imports only files that are there', () => {
    expect(imports.filter(({ isOurs, target }) => isOurs && !text.has(`${target}.ts`)).map(arrow)).toEqual([]);
  });

  it('keeps Kubernetes in the orchestrator and the node', () => {
    expect(usersOf('@kubernetes/client-node', ['orchestrator', 'node'])).toEqual([]);
  });

  it('keeps express in the doors', () => {
    expect(usersOf('express', ['server', 'rest', 'webhooks'])).toEqual([]);
  });

  it('keeps the database out of the REST door', () => {
    for (const name of ['@mikro-orm/core', '@mikro-orm/postgresql', 'pg', 'type-graphql']) expect(imports.filter(({ file, target }) => roomOf(file) === 'rest' && target === name).map(arrow)).toEqual([]);
  });

  it('keeps the dashboard to itself and the generated operations', () => {
    const pages = readdirSync(join(WEB, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
    expect(pages.length).toBeGreaterThan(20);
    const outside = pages.flatMap((file) =>
      specifiersOf(readFileSync(join(WEB, 'src', file), 'utf8'))
        .filter((specifier) => (specifier.startsWith('.') ? !/^(src\/|generated\/operations\.js$)/.test(relative(WEB, join(WEB, 'src', dirname(file), specifier)).replaceAll(sep, '/')) : !WEB_PACKAGES.includes(packageOf(specifier))))
        .map((specifier) => `${file} -> ${specifier}`),
    );
    expect(outside).toEqual([]);
    expect(imports.filter(({ target }) => target.includes('../web') || WEB_PACKAGES.slice(0, 3).includes(target)).map(arrow)).toEqual([]);
  });

  it('reads the environment in one place; the command and the node pass theirs on', () => {
    const readers = files.filter((file) => /\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*['"]env/.test(withoutComments(text.get(file) ?? '')));
    expect(readers.filter((file) => file !== 'config.ts' && !['cli', 'node'].includes(roomOf(file) ?? ''))).toEqual([]);
  });

  it('has no folder for odds and ends', () => {
    const names = new Set(files.flatMap((file) => dirname(file).split('/')));
    expect(['services', 'utils', 'util', 'lib', 'helpers', 'common', 'shared', 'misc'].filter((name) => names.has(name))).toEqual([]);
  });

  it('has no file that only passes on what others export', () => {
    expect(files.filter((file) => /(^|\/)index\.ts$/.test(file))).toEqual([]);
    const rest = (file: string) => withoutComments(text.get(file) ?? '').replaceAll(/^\s*(import|export)\s[^;'"]*\sfrom\s*['"][^'"]+['"];?\s*$|^\s*import\s+['"][^'"]+['"];?\s*$/gm, '').trim();
    expect(files.filter((file) => rest(file) === '')).toEqual([]);
  });

  it('has small files', () => {
    expect(files.filter((file) => (text.get(file) ?? '').split('\n').length > 300)).toEqual([]);
  });
});

const arrow = ({ file, target }: Import): string => `${file} -> ${target}`;

function usersOf(name: string, rooms: readonly string[]): string[] {
  return imports.filter(({ target, file }) => target === name && !rooms.includes(roomOf(file) ?? '')).map(arrow);
}

/** The room of a file or a target below src; null where the table has none. */
function roomOf(path: string): string | null {
  const bare = path.replace(/\.ts$/, '');
  const [first = '', ...rest] = bare.split('/');
  if (rest.length > 0) return first in ROOMS && !['ground', 'config'].includes(first) ? first : null;
  if (COMPOSITION.includes(first)) return 'server';
  if (GROUND.includes(first)) return 'ground';
  return first === 'config' ? 'config' : null;
}

function isAllowed(file: string, target: string): boolean {
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === null || to === null) return false;
  const allowed = ROOMS[from];
  if (allowed === 'all but the command and the node') return to !== 'cli' && to !== 'node';
  if (from === to && from !== 'ground') return true;
  if (to === 'ground') return from === 'ground' || allowed!.includes(target);
  return allowed!.includes(to) || allowed!.includes(target);
}

function importsOf(file: string): Import[] {
  return specifiersOf(text.get(file) ?? '').map((specifier) => {
    if (specifier.startsWith('.')) return { file, isOurs: true, target: relative(SRC, join(SRC, dirname(file), specifier)).replaceAll(sep, '/').replace(/\.js$/, '') };
    return { file, isOurs: false, target: packageOf(specifier) };
  });
}

function specifiersOf(text: string): string[] {
  const source = withoutComments(text);
  const found = [...source.matchAll(/(?:^|[;\n])\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/g), ...source.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g), ...source.matchAll(/\brequire(?:\.resolve)?\(\s*['"]([^'"]+)['"]\s*\)/g)];
  return found.map(([, specifier = '']) => specifier);
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return specifier;
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Comments hold examples of what must not be written. Texts are left alone, as they hold the specifiers. */
function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|(^|[^:'"`])\/\/[^\n]*/g, '$1');
}
