import { existsSync } from 'node:fs';
import { Problem } from '../problem.js';
import type { Progress } from '../progress.js';
import { rootPrefix } from './root.js';
import { run } from './run.js';

const DEADLINE_MS = 15 * 60_000;

/** Installs Debian packages. `purpose` completes "… is needed for" in what a user reads when that cannot be done. */
export async function installPackages(packages: readonly string[], purpose: string, progress: Progress): Promise<void> {
  const names = packages.join(', ');
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Problem(`${purpose} needs ${names}, and this machine has no apt-get to install it with: install it, then run the command again.`);
  }
  const prefix = rootPrefix(`Installing ${names} with apt-get`);
  await progress.step(`Installing ${names} from Debian`, async (step) => {
    // Repairs an installation that was interrupted; apt refuses to go on otherwise.
    await runAsRoot(prefix, ['dpkg', '--configure', '-a']);
    for (const words of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
      const { status, tail } = await runAsRoot(prefix, ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=600', ...words], (line) => step.at(line.slice(0, 60)));
      if (status !== 0) throw new Problem(`apt-get could not install ${names}; repair what it says, then run the command again:\n${tail}`);
    }
    step.becomes(`Installed ${names}`);
  });
}

function runAsRoot(prefix: readonly string[], words: readonly string[], onLine?: (line: string) => void) {
  const [command = '', ...args] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8', ...words];
  return run(command, args, { timeoutMs: DEADLINE_MS, ...(onLine ? { onLine } : {}) });
}
