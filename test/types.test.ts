import { expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

it('sources, tests and benchmarks are free of type errors', () => {
  const root = join(import.meta.dirname, '..');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, status } = spawnSync(process.execPath, [compiler, '--noEmit'], { cwd: root, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
}, 60_000);

it('the dashboard asks for what the schema offers, and is free of type errors', () => {
  const root = join(import.meta.dirname, '..');
  const run = (...words: string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };
  expect(run(join('web', 'codegen.ts'))).toEqual({ status: 0, said: '' });
  expect(run(join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'web')).toEqual({ status: 0, said: '' });
}, 120_000);
