import type { Command } from 'commander';
import { Home } from '../home.js';
import { inspect, type Inspection, type PartState } from '../inspect.js';
import { homePath, type Surroundings } from '../surroundings.js';

const NOT_READY_EXIT_CODE = 3;

export function addStatus(program: Command, surroundings: Surroundings): void {
  program
    .command('status')
    .description(`show what runs; exit code 0 when a deploy would be accepted, else ${NOT_READY_EXIT_CODE}`)
    .option('--json', 'print it as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const state = await inspect(surroundings, new Home(homePath(surroundings)));
      process.stdout.write(json ? `${JSON.stringify(state, null, 2)}\n` : table(state));
      if (!state.acceptsDeploys) process.exitCode = NOT_READY_EXIT_CODE;
    });
}

function table({ home, url, server, database, cluster, acceptsDeploys }: Inspection): string {
  const rows = [
    row('server', server),
    row('database', database),
    row('cluster', cluster),
    `home      ${home}`,
    ...(url ? [`address   ${url}`] : []),
    acceptsDeploys ? 'A deploy would be accepted.' : 'A deploy would not be accepted now.',
  ];
  return `${rows.join('\n')}\n`;
}

function row(name: string, { state, port, pid, since, message }: PartState): string {
  const told = [port && `port ${port}`, pid && `pid ${pid}`, since && `since ${since.slice(0, 19).replace('T', ' ')} UTC`, message].filter(Boolean);
  return `${name.padEnd(10)}${state.padEnd(10)}${told.join(', ')}`.trimEnd();
}
