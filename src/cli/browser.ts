import { findProgram } from '../node/run-command.js';
import { installPackages } from './host/apt.js';
import { Problem } from './problem.js';
import type { Progress } from './progress.js';

const DEBIAN_PACKAGE = 'chromium-headless-shell';
const BROWSERS = [DEBIAN_PACKAGE, 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The program of a browser that the tests of the dashboard can drive; Debian's is installed where there is none. */
export async function findBrowser(progress: Progress): Promise<string> {
  const found = installed();
  if (found) return found;
  await installPackages([DEBIAN_PACKAGE], 'A browser for the tests of the dashboard', progress);
  const now = installed();
  if (!now) throw new Problem(`${DEBIAN_PACKAGE} was installed but cannot be found: look at "dpkg -L ${DEBIAN_PACKAGE}".`);
  return now;
}

const installed = (): string | undefined => BROWSERS.map((name) => findProgram(name)).find((path) => path !== undefined);
