import { randomUUID } from 'node:crypto';
import pg from 'pg';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** Services of the operator's own team as a busy installation has them: running, each with its host, its release and its deployment. */
export async function seedServices(databaseUrl: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query('select id, team_id from environment');
    const { id: environment, team_id: team } = rows[0];
    for (let index = 0; index < count; index += 1) {
      const [service, release, deployment] = [randomUUID(), randomUUID(), randomUUID()];
      const image = `registry.example.com/shop/service-${index}:1.${index}.0`;
      const spec = JSON.stringify({ image, command: null, args: null, containerPort: 80, healthCheck: null, resources: { cpu: '500m', memory: '256Mi' } });
      await client.query(
        `insert into service (id, team_id, environment_id, name, image, container_port, public, replicas, resources, generation, observed_generation, ready_replicas, address_answers, created_at)
         values ($1, $2, $3, $4, $5, 80, true, 2, '{"cpu":"500m","memory":"256Mi"}', 1, 1, 2, true, now() - make_interval(mins => $6))`,
        [service, team, environment, `service-${index}`, image, count - index],
      );
      await client.query('insert into host (id, name, service_id, created_at) values ($1, $2, $3, now())', [randomUUID(), `service-${index}.apex.localhost`, service]);
      await client.query(`insert into release (id, service_id, number, digest, spec, variable_ids, created_at) values ($1, $2, 1, $3, $4, '[]', now())`, [release, service, DIGEST, spec]);
      await client.query(
        `insert into deployment (id, service_id, state, trigger, image, spec, variable_ids, digest, release_id, created_at, ended_at) values ($1, $2, 'LIVE', 'API', $3, $4, '[]', $5, $6, now(), now())`,
        [deployment, service, image, spec, DIGEST, release],
      );
      await client.query('update service set current_deployment_id = $2, latest_deployment_id = $2 where id = $1', [service, deployment]);
    }
    await client.query('analyze');
  } finally {
    await client.end();
  }
}
