import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Options with which apt reads another suite of Debian than this machine's, and leaves the machine's own lists alone:
 * its lists are kept in `folder`.
 */
export function aptOptionsOf(suite: string, folder: string): string[] {
  const parts = join(folder, 'parts');
  for (const path of [parts, join(folder, 'lists/partial'), join(folder, 'cache/archives/partial')]) mkdirSync(path, { recursive: true });
  const list = join(folder, 'sources.list');
  writeFileSync(list, `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${suite} main\n`);
  return [`Dir::Etc::sourcelist=${list}`, `Dir::Etc::sourceparts=${parts}`, `Dir::State::lists=${join(folder, 'lists')}`, `Dir::Cache=${join(folder, 'cache')}`].flatMap((option) => ['-o', option]);
}
