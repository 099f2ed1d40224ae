import { stripVTControlCharacters } from 'node:util';
import { InvalidArgumentError, type Command } from 'commander';
import { getService } from '../client/find-service.js';
import { followLogs } from '../client/follow-logs.js';
import { LOGS, type LogBatch } from '../client/operations.js';
import { stopSignal } from '../stop-signal.js';
import type { Surroundings } from '../surroundings.js';
import { clientOf, withEnvironment, type Where } from './with-client.js';

interface LogOptions extends Where {
  readonly follow?: boolean;
  readonly tail: number;
}

export function addLogs(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('logs')
    .description('show the log lines of a service')
    .argument('<service>')
    .option('-f, --follow', 'go on with the lines that come, until Ctrl-C')
    .option('-n, --tail <lines>', 'how many of the last lines', parseLines, 100);
  withEnvironment(command).action((name: string, options: LogOptions) => logs(surroundings, name, options));
}

async function logs(surroundings: Surroundings, name: string, { follow = false, tail, environment }: LogOptions): Promise<void> {
  const client = clientOf(surroundings);
  const { id: serviceId } = await getService(client, name, environment);
  if (!follow) return print((await client.run(LOGS, { serviceId, tail })).logs);
  for await (const batch of followLogs(client, { serviceId, tail }, stopSignal())) print(batch);
}

function print({ lines, dropped, gap }: LogBatch): void {
  if (gap) process.stderr.write('(lines are missing here)\n');
  for (const { timestamp, replica, raw, cut } of lines) process.stdout.write(`${timestamp} ${replica} ${process.stdout.isTTY ? raw : stripVTControlCharacters(raw)}${cut ? ' … (cut)' : ''}\n`);
  if (dropped) process.stderr.write(`(${dropped} lines were lost here, because they came faster than they could be shown)\n`);
}

function parseLines(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It is a number from 0 on.');
  return Number(text);
}
