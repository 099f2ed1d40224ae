import { InvalidArgumentError, type Command } from 'commander';
import { getService } from '../client/find-service.js';
import { followDeployment } from '../client/follow-deployment.js';
import type { GraphqlClient } from '../client/graphql-client.js';
import { PROMOTE, RELEASES, ROLLBACK, type ServiceReleases } from '../client/operations.js';
import { Problem } from '../problem.js';
import { Progress } from '../progress.js';
import { stopSignal } from '../stop-signal.js';
import type { Surroundings } from '../surroundings.js';
import { printTable } from './print-table.js';
import { clientOf, withEnvironment, type Where } from './with-client.js';

interface RollbackOptions extends Where {
  readonly release?: number;
}

interface PromoteOptions extends Where {
  readonly to: string;
}

export function addReleases(program: Command, surroundings: Surroundings): void {
  withEnvironment(program.command('releases').description('list what a service has run, newest first').argument('<service>'))
    .action((name: string, where: Where) => list(surroundings, name, where));
  withEnvironment(program.command('rollback').description('run an earlier release again, exactly as it was').argument('<service>'))
    .option('-r, --release <number>', 'which; else the one before that which serves', parseRelease)
    .action((name: string, options: RollbackOptions) => rollback(surroundings, name, options));
  withEnvironment(program.command('promote').description('run the digest that serves here in another environment, with the variables of there').argument('<service>'))
    .requiredOption('-t, --to <environment>', 'where')
    .action((name: string, options: PromoteOptions) => promote(surroundings, name, options));
}

async function list(surroundings: Surroundings, name: string, { environment }: Where): Promise<void> {
  const client = clientOf(surroundings);
  const { currentDeployment, releases } = await releasesOf(client, (await getService(client, name, environment)).id);
  printTable([
    ['RELEASE', 'SERVES', 'IMAGE', 'DIGEST', 'MADE'],
    ...releases.nodes.map(({ number, image, digest, createdAt }) => [String(number), number === currentDeployment?.release ? 'yes' : '', image, digest ?? '', createdAt]),
  ]);
}

async function rollback(surroundings: Surroundings, name: string, { release, environment }: RollbackOptions): Promise<void> {
  const client = clientOf(surroundings);
  const service = await getService(client, name, environment);
  const toRelease = release ?? before(await releasesOf(client, service.id), name);
  const { deployment } = await client.run(ROLLBACK, { id: service.id, toRelease });
  await followDeployment(client, { name, latestDeployment: deployment }, new Progress(), stopSignal());
}

async function promote(surroundings: Surroundings, name: string, { to, environment }: PromoteOptions): Promise<void> {
  const client = clientOf(surroundings);
  const service = await getService(client, name, environment);
  const { deployment } = await client.run(PROMOTE, { id: service.id, toEnvironment: to });
  await followDeployment(client, { name: `${name} in ${to}`, latestDeployment: deployment }, new Progress(), stopSignal());
}

const releasesOf = async (client: GraphqlClient, id: string): Promise<ServiceReleases> => (await client.run(RELEASES, { id })).service;

function before({ currentDeployment, releases }: ServiceReleases, name: string): number {
  const found = releases.nodes.find(({ number }) => currentDeployment !== null && number < currentDeployment.release);
  if (!found) throw new Problem(`There is no release before the one that serves: "./apex releases ${name}" lists them, --release chooses one.`);
  return found.number;
}

function parseRelease(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is the number of a release, from 1 on.');
  return Number(text);
}
