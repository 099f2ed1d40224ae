import { Problem } from '../problem.js';
import type { GraphqlClient } from './graphql-client.js';
import { SERVICES, type Service } from './operations.js';

/** All services of the caller, oldest first, page by page. */
export async function* allServices(client: GraphqlClient, environment?: string): AsyncGenerator<Service> {
  for (let after: string | undefined; ; ) {
    const { services } = await client.run(SERVICES, { environment, after });
    yield* services.nodes;
    if (!services.pageInfo.hasNextPage) return;
    after = services.pageInfo.endCursor ?? undefined;
  }
}

/** The service of this name; null where there is none. */
export async function findService(client: GraphqlClient, name: string, environment?: string): Promise<Service | null> {
  const found: Service[] = [];
  for await (const service of allServices(client, environment)) if (service.name === name) found.push(service);
  if (found.length > 1) {
    throw new Problem(`There is a service "${name}" in each of ${found.map((service) => service.environment.name).join(', ')}: choose one with --environment.`);
  }
  return found[0] ?? null;
}

/** The service of this name, which must exist. */
export async function getService(client: GraphqlClient, name: string, environment?: string): Promise<Service> {
  const service = await findService(client, name, environment);
  if (!service) throw new Problem(`There is no service "${name}"${environment ? ` in ${environment}` : ''}: "./apex services" lists them.`);
  return service;
}
