import { InvalidArgumentError, type Command } from 'commander';
import { findService } from '../client/find-service.js';
import { followDeployment } from '../client/follow-deployment.js';
import { DEPLOY, UPDATE, type ServiceInput } from '../client/operations.js';
import { Progress } from '../progress.js';
import { stopSignal } from '../stop-signal.js';
import type { Surroundings } from '../surroundings.js';
import { parsePort } from './parse-port.js';
import { clientOf, withEnvironment, type Where } from './with-client.js';

interface DeployOptions extends Where {
  readonly image?: string;
  readonly port?: number;
  readonly public?: boolean;
  readonly replicas?: number;
  readonly env?: Record<string, string>;
}

export function addDeploy(program: Command, surroundings: Surroundings): void {
  const command = program
    .command('deploy')
    .description('deploy an image as a service, or change the service of that name, and show how far it is')
    .argument('<name>')
    .option('-i, --image <reference>', 'what to run')
    .option('-p, --port <port>', 'where the container listens', parsePort)
    .option('--public', 'give it an address')
    .option('--no-public', 'take its address away')
    .option('-r, --replicas <count>', 'how many of it', parseCount)
    .option('--env <KEY=value>', 'a variable; may be repeated', collectVariable);
  withEnvironment(command).action((name: string, options: DeployOptions) => deploy(surroundings, name, options));
}

async function deploy(surroundings: Surroundings, name: string, { port, ...options }: DeployOptions): Promise<void> {
  const client = clientOf(surroundings);
  const input: ServiceInput = { name, ...options, containerPort: port };
  const existing = await findService(client, name, options.environment);
  const { service } = existing ? await client.run(UPDATE, { id: existing.id, input }) : await client.run(DEPLOY, { input });
  if (service.latestDeployment?.id === existing?.latestDeployment?.id) process.stderr.write('Nothing that it runs has changed, so it is not deployed anew.\n');
  else await followDeployment(client, service, new Progress(), stopSignal());
  if (service.url) process.stdout.write(`${service.url}\n`);
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It is a number from 0 on.');
  return Number(text);
}

function collectVariable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('A variable is written KEY=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
