import { stripVTControlCharacters } from 'node:util';
import { InvalidArgumentError, type Command } from 'commander';
import { getService } from '../client/find-service.js';
import { followLogs } from '../client/follow-logs.js';
import type { GraphqlClient } from '../client/graphql-client.js';
import { LOG_HISTORY, LOGS, type LogBatch, type LogFilter, type LogHistory } from '../client/operations.js';
import { stopSignal } from '../stop-signal.js';
import type { Surroundings } from '../surroundings.js';
import { clientOf, withEnvironment, type Where } from './with-client.js';

/** The server gives no more at once. */
const PAGE_LINES = 1_000;

interface LogOptions extends Where {
  readonly follow?: boolean;
  readonly tail: number;
  readonly since?: Date;
  readonly search?: string;
  readonly level?: string;
}

export function addLogs(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('logs')
    .description('show the log lines of a service')
    .argument('<service>')
    .option('-f, --follow', 'go on with the lines that come, until Ctrl-C')
    .option('-n, --tail <lines>', 'how many of the last lines', parseLines, 100)
    .option('--since <time>', 'lines since then, also of containers that are gone: 90s, 15m, 2h, 3d or a time as 2026-01-31T12:00:00Z', parseSince)
    .option('--search <text>', 'lines that hold this text, also of containers that are gone')
    .option('--level <level>', 'lines of this level or a worse one: trace, debug, info, warn, error or fatal', parseLevel);
  withEnvironment(command).action((name: string, options: LogOptions) => logs(surroundings, name, options));
}

async function logs(surroundings: Surroundings, name: string, { follow = false, tail, since, search, level, environment }: LogOptions): Promise<void> {
  const client = clientOf(surroundings);
  const { id: serviceId } = await getService(client, name, environment);
  const filter = { text: search, level };
  if (follow) {
    const from = since ? { since: since.toISOString() } : { tail };
    for await (const batch of followLogs(client, { serviceId, filter, ...from }, stopSignal())) print(batch);
    return;
  }
  if (!since && search === undefined && level === undefined) return print((await client.run(LOGS, { serviceId, tail })).logs);
  print({ lines: await kept(client, { serviceId, filter, since: since?.toISOString() }, tail), dropped: 0, gap: false });
}

/** The last lines of the history, oldest first. */
async function kept(client: GraphqlClient, wish: { serviceId: string; filter: LogFilter; since: string | undefined }, tail: number): Promise<LogBatch['lines']> {
  const lines: LogBatch['lines'][number][] = [];
  for (let after: string | null = null; lines.length < tail; ) {
    const { nodes, pageInfo }: LogHistory['history'] = (await client.run(LOG_HISTORY, { ...wish, first: Math.min(tail - lines.length, PAGE_LINES), after })).history;
    lines.push(...nodes);
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  return lines.reverse();
}


function print({ lines, dropped, gap }: LogBatch): void {
  if (gap) process.stderr.write('(lines are missing here)\n');
  for (const { timestamp, replica, raw, cut } of lines) process.stdout.write(`${timestamp} ${replica} ${process.stdout.isTTY ? raw : stripVTControlCharacters(raw)}${cut ? ' … (cut)' : ''}\n`);
  if (dropped) process.stderr.write(`(${dropped} lines were lost here, because they came faster than they could be shown)\n`);
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseSince(text: string): Date {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const time = count && unit ? new Date(Date.now() - Number(count) * UNITS[unit]!) : new Date(/^\d{4}-\d\d-\d\d/.test(text) ? text : NaN);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('It is a while as 90s, 15m, 2h or 3d, or a time as 2026-01-31T12:00:00Z.');
  return time;
}

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

function parseLevel(text: string): string {
  if (!LEVELS.includes(text.toUpperCase())) throw new InvalidArgumentError('It is trace, debug, info, warn, error or fatal.');
  return text.toUpperCase();
}

function parseLines(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It is a number from 0 on.');
  return Number(text);
}
