import { chromium, type Browser } from 'playwright-core';
import { findBrowser } from '../../src/cli/browser.js';
import { Progress } from '../../src/cli/progress.js';

/** A real browser without a screen, as the machine has it or as Debian's package brings it. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = await findBrowser(new Progress());
  // Its sandbox needs another user than root, and what containers keep to themselves.
  return chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
