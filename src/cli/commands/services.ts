import type { Command } from 'commander';
import { allServices, getService } from '../client/find-service.js';
import { followDeployment } from '../client/follow-deployment.js';
import { DELETE, PAUSE, REDEPLOY, type Service } from '../client/operations.js';
import { Progress } from '../progress.js';
import { stopSignal } from '../stop-signal.js';
import type { Surroundings } from '../surroundings.js';
import { printTable } from './print-table.js';
import { clientOf, withEnvironment, type Where } from './with-client.js';

const HEADINGS = ['NAME', 'STATUS', 'READY', 'IMAGE', 'ENVIRONMENT', 'URL'];

export function addServices(program: Command, surroundings: Surroundings): void {
  withEnvironment(program.command('services').description('list the services')).action(({ environment }: Where) => list(surroundings, environment));
  verb('redeploy', 'resolve the image again and replace what runs', async (client, service) => {
    const { service: now } = await client.run(REDEPLOY, { id: service.id });
    await followDeployment(client, now, new Progress(), stopSignal());
  });
  verb('pause', 'stop it and keep all that it was', async (client, { id, name }) => say(name, (await client.run(PAUSE, { id, pause: true })).service));
  verb('resume', 'run a paused service again', async (client, { id, name }) => say(name, (await client.run(PAUSE, { id, pause: false })).service));
  verb('rm', 'delete it and everything that runs for it', async (client, { id, name }) => {
    await client.run(DELETE, { id });
    process.stdout.write(`${name} is deleted\n`);
  });

  function verb(word: string, description: string, act: (client: ReturnType<typeof clientOf>, service: Service) => Promise<void>): void {
    withEnvironment(program.command(word).description(description).argument('<service>')).action(async (name: string, { environment }: Where) => {
      const client = clientOf(surroundings);
      await act(client, await getService(client, name, environment));
    });
  }
}

async function list(surroundings: Surroundings, environment: string | undefined): Promise<void> {
  const rows: string[][] = [HEADINGS];
  for await (const service of allServices(clientOf(surroundings), environment)) {
    rows.push([service.name, service.status, `${service.readyReplicas}/${service.replicas}`, service.image, service.environment.name, service.url ?? '']);
  }
  printTable(rows);
}

function say(name: string, { status, statusMessage }: Service): void {
  process.stdout.write(`${name} is ${status}${statusMessage ? `: ${statusMessage}` : ''}\n`);
}
