import { Command } from 'commander';
import { addBench } from './commands/bench.js';
import { addDeploy } from './commands/deploy.js';
import { addDown } from './commands/down.js';
import { addImages } from './commands/images.js';
import { addKeys } from './commands/keys.js';
import { addLogs } from './commands/logs.js';
import { addReleases } from './commands/releases.js';
import { addServices } from './commands/services.js';
import { addStatus } from './commands/status.js';
import { addTest } from './commands/test.js';
import { addUp } from './commands/up.js';
import { verdict } from './problem.js';
import { findSurroundings } from './surroundings.js';

const surroundings = findSurroundings();
const program = new Command('apex')
  .description('A self-hosted platform as a service: run images, keep them running, see their logs.')
  .version(surroundings.version)
  .addHelpText('after', `\nState is kept in APEX_HOME (default: .apex in the checkout).`)
  .showHelpAfterError('("./apex help" lists the commands)')
  .enablePositionalOptions();

for (const add of [addUp, addStatus, addDown, addDeploy, addServices, addReleases, addLogs, addKeys, addTest, addImages, addBench]) add(program, surroundings);

// A reader that went away (a closed terminal, "| head") is told as a stop: what was started is still stopped in order.
process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM'));
process.stderr.on('error', () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  const { text, exitCode } = verdict(error);
  process.stderr.write(`apex: ${text}\n`);
  process.exitCode = exitCode;
}
