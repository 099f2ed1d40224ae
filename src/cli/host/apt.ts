import { findProgram, tryCommand, type CommandResult } from '../../node/run-command.js';
import { Problem } from '../problem.js';
import type { Progress } from '../progress.js';
import { rootPrefix } from './root.js';

const DEADLINE_MS = 15 * 60_000;
const SHOWN_CHARACTERS = 60;

/** Installs Debian packages; `what` needs them, says the sentence that a user reads when that cannot be done, and `otherwise` what else would do. */
export async function installPackages(packages: readonly string[], what: string, progress: Progress, otherwise = ''): Promise<void> {
  const names = packages.join(', ');
  if (!findProgram('apt-get')) {
    throw new Problem(`${what} is missing and this machine has no apt-get to install ${names} with: install it with your system's package manager${otherwise}.`);
  }
  const prefix = rootPrefix(`Installing ${names} with apt-get`);
  await progress.step(`Installing ${names} from Debian`, async (step) => {
    const show = (line: string) => step.at(line.slice(0, SHOWN_CHARACTERS));
    // Repairs an installation that was interrupted; apt refuses to go on otherwise.
    await runAsRoot(prefix, ['dpkg', '--configure', '-a'], show);
    for (const words of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
      const { code, stdout, stderr } = await runAsRoot(prefix, ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=3', ...words], show);
      if (code !== 0) throw new Problem(`apt-get could not install ${names}: repair what it says, then run the command again.\n${lastLines(stderr || stdout)}`);
    }
    step.becomes(`Installed ${names}`);
  });
}

function runAsRoot(prefix: readonly string[], words: readonly string[], onLine: (line: string) => void): Promise<CommandResult> {
  const [command = '', ...args] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8', ...words];
  return tryCommand(command, args, { timeoutMs: DEADLINE_MS, onLine });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-8).join('\n');
}
