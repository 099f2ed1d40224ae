import { spawnSync } from 'node:child_process';
import { Problem } from '../problem.js';

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The words to put before a command so that it runs as root. `why` completes the sentence "… needs root", for
 * those who are not root and have no sudo that works.
 */
export function rootPrefix(why: string): string[] {
  if (isRoot()) return [];
  const silent = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  if (silent.status === 0) return ['sudo', '-n'];
  if (!silent.error && process.stdin.isTTY) {
    // Asks for the password now, before anything draws over the terminal.
    if (spawnSync('sudo', ['-v'], { stdio: 'inherit' }).status === 0) return ['sudo'];
  }
  throw new Problem(`${why} needs root: run the command as root, or with a sudo that works.`);
}
