import type { EntityManager } from '@mikro-orm/postgresql';
import type { Condition } from '../../auth/tenant-scope.js';
import { notFound } from '../../errors.js';
import type { PageWish } from '../../schema/page.js';
import { deploymentColumns, deploymentOf, type DeploymentRow } from '../service/service-rows.js';

const SELECT = `
  select ${deploymentColumns('deployment', 'release', 'd_')}
  from deployment join service on service.id = deployment.service_id left join release on release.id = deployment.release_id`;

const WHOLE: PageWish = { limit: null, after: null };

/** The deployments, newest first, in one statement; one more than the limit where there are more. */
export async function readDeployments(em: EntityManager, conditions: readonly Condition[], page: PageWish = WHOLE): Promise<DeploymentRow[]> {
  const all = [...conditions];
  if (page.after) all.push({ sql: '(deployment.created_at, deployment.id) < (?, ?)', params: [page.after.createdAt, page.after.id] });
  const where = ['service.deleted_at is null', ...all.map(({ sql }) => sql)].join(' and ');
  const limit = page.limit === null ? '' : ` limit ${page.limit + 1}`;
  const sql = `${SELECT} where ${where} order by deployment.created_at desc, deployment.id desc${limit}`;
  const rows = await em.execute<Record<string, unknown>[]>(sql, all.flatMap(({ params }) => params));
  return rows.map((row) => deploymentOf(row, 'd_'));
}

/** One deployment of a service that is not deleted. Throws NOT_FOUND. */
export async function readDeployment(em: EntityManager, id: string, within?: Condition): Promise<DeploymentRow> {
  const [deployment] = await readDeployments(em, [{ sql: 'deployment.id = ?', params: [id] }, ...(within ? [within] : [])]);
  if (!deployment) throw notFound();
  return deployment;
}
