import { expect } from '@jest/globals';
import { LABELS } from '../../src/orchestrator/kubernetes/labels.js';
import { until } from '../acceptance/rest-client.js';
import type { Installation } from './server-process.js';

const TERMINAL = ['LIVE', 'FAILED', 'CANCELED', 'SUPERSEDED'];
const list = TERMINAL.map((state) => `'${state}'`).join(', ');

/** What holds after every fault, however it ended: each deployment has ended, once, and the cluster is what the rows say. */
export async function assertInvariants(installation: Installation, seconds = 60): Promise<void> {
  await until('every deployment has ended', () => installation.rows<{ state: string }>(`select state from deployment where state not in (${list})`), (open) => open.length === 0, seconds);
  const ends = await installation.rows<{ id: string; ends: string }>(
    `select d.id, count(*) filter (where e.state in (${list})) as ends from deployment d join deployment_event e on e.deployment_id = d.id group by d.id having count(*) filter (where e.state in (${list})) <> 1`,
  );
  expect(ends).toEqual([]);
  const gaps = await installation.rows('select deployment_id from deployment_event group by deployment_id having max(number) <> count(*)');
  expect(gaps).toEqual([]);
  await until('the cluster is what the rows say', () => differences(installation), (found) => found.length === 0, seconds);
}

/** Deployments of Kubernetes against what should serve: name, deployment and replicas. */
async function differences(installation: Installation): Promise<string[]> {
  const wanted = await installation.rows<{ id: string; deployment: string; replicas: number }>(
    `select id, current_deployment_id as deployment, case when paused then 0 else replicas end as replicas from service where deleted_at is null and current_deployment_id is not null`,
  );
  const objects = await installation.objects('Deployment');
  const seen = objects.map(({ metadata, spec }) => `${metadata.labels[LABELS.service]} ${metadata.labels[LABELS.deployment]} ${spec.replicas}`);
  const should = wanted.map(({ id, deployment, replicas }) => `${id} ${deployment} ${replicas}`);
  const jobs = (await installation.objects('Job')).map(({ metadata }) => `a Job is left: ${metadata.name}`);
  return [...should.filter((line) => !seen.includes(line)).map((line) => `missing: ${line}`), ...seen.filter((line) => !should.includes(line)).map((line) => `orphan: ${line}`), ...jobs];
}
