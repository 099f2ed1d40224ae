import { readFileSync } from 'node:fs';
import type { NodePaths } from '../node-paths.js';
import { tryCommand } from '../run-command.js';

/** The mount points under the node's two folders, the latest first. */
export function nodeMounts(paths: NodePaths, mountInfo: string = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  return mountInfo
    .split('\n')
    .flatMap((line) => (line ? [unescape(line.split(' ')[4] ?? '')] : []))
    .filter((point) => [paths.root, paths.run].some((folder) => point.startsWith(`${folder}/`)))
    .reverse();
}

/** Unmounts everything under the node's folders and frees the loop devices of its volumes. */
export async function unmountAll(paths: NodePaths): Promise<void> {
  // Twice at most: a mount that sits on top of another is seen only when that is listed again.
  for (let round = 0; round < 3; round += 1) {
    const points = nodeMounts(paths);
    if (points.length === 0) break;
    for (const point of points) {
      const { code } = await tryCommand('umount', [point], { timeoutMs: 20_000 });
      if (code !== 0) await tryCommand('umount', ['--lazy', point], { timeoutMs: 20_000 });
    }
  }
  for (const device of await nodeLoopDevices(paths)) await tryCommand('losetup', ['--detach', device]);
}

/** Loop devices whose file is one of the node's volumes. */
export async function nodeLoopDevices(paths: NodePaths): Promise<string[]> {
  const { stdout } = await tryCommand('losetup', ['--list', '--noheadings', '--output', 'NAME,BACK-FILE']);
  return stdout.split('\n').flatMap((line) => {
    const [name, file] = line.trim().split(/\s+/, 2);
    return name && file?.startsWith(`${paths.root}/`) ? [name] : [];
  });
}

/** The kernel writes blanks in paths as octal numbers. */
function unescape(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
