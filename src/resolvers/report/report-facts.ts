import type { EntityManager } from '@mikro-orm/postgresql';
import type { StepName } from '../../entities/deployment-event.js';
import type { DeploymentState } from '../../entities/deployment-state.js';

/** A report that is due, as its row has it. */
export interface DueReport {
  id: string;
  deploymentId: string | null;
  previewId: string | null;
  generation: number;
  attempts: number;
}

/** What a commit status tells of. */
export interface DeploymentFacts {
  state: DeploymentState;
  commit: string;
  repository: string;
  service: string;
  environment: string;
  host: string | null;
  reason: string | null;
  /** The step of the Dockerfile that failed, and what it said last, sealed for the team. */
  failingStep: string | null;
  sealedLastLines: string | null;
  /** The step that it was in last. */
  step: StepName | null;
  /** A newer deployment of the service for the same commit speaks for it. */
  outdone: boolean;
  /** It ended more than a day ago. */
  old: boolean;
  /** The forge itself told the installation of the commit. */
  proven: boolean;
  teamId: string;
  /** Where the commit is, as far as its delivery said: `github.com`, or the host of an Enterprise Server. */
  forge: string | null;
}

/** While it is being sent, nobody else takes it; who was killed meanwhile lets go of it by then. */
const HELD = "interval '60 seconds'";

/** Takes the report that is due longest; null where none is. */
export async function takeDueReport(em: EntityManager): Promise<DueReport | null> {
  const [row] = await em.execute<DueReport[]>(
    `update forge_report set due_at = now() + ${HELD}, attempts = attempts + 1
     where id = (select id from forge_report where generation > sent_generation and due_at <= now() order by due_at limit 1 for update skip locked)
     returning id, deployment_id as "deploymentId", preview_id as "previewId", generation, attempts`,
  );
  return row ?? null;
}

/** Null where the deployment is gone, or its service follows no repository any more. */
export async function readDeploymentFacts(em: EntityManager, deploymentId: string): Promise<DeploymentFacts | null> {
  const [row] = await em.execute<DeploymentFacts[]>(
    `select deployment.state, deployment.commit_sha as "commit", service.source->>'repository' as repository, service.name as service, environment.name as environment,
       case when service.public then host.name end as host, deployment.reason_message as reason,
       build.failing_step as "failingStep", case when build.failing_step is not null then deployment.sealed_last_lines end as "sealedLastLines",
       (select step from deployment_event event where event.deployment_id = deployment.id and step is not null order by number desc limit 1) as step,
       exists (select 1 from deployment newer where newer.service_id = deployment.service_id and newer.commit_sha = deployment.commit_sha and (newer.created_at, newer.id) > (deployment.created_at, deployment.id)) as outdone,
       coalesce(deployment.ended_at < now() - interval '1 day', false) as old,
       coalesce(preview.proven, exists (
         select 1 from webhook_effect effect join webhook_delivery delivery on delivery.id = effect.delivery_id where effect.deployment_id = deployment.id and delivery.verdict = 'SERVER_SECRET'
       )) as proven, service.team_id as "teamId",
       case when preview.id is not null then split_part(preview.url, '/', 3) else (
         select coalesce(delivery.headers->>'x-github-enterprise-host', case when jsonb_exists(delivery.headers, 'x-github-event') then 'github.com' end)
         from webhook_effect effect join webhook_delivery delivery on delivery.id = effect.delivery_id where effect.deployment_id = deployment.id limit 1
       ) end as forge
     from deployment join service on service.id = deployment.service_id join environment on environment.id = service.environment_id
       left join build on build.deployment_id = deployment.id left join host on host.service_id = service.id left join preview on preview.environment_id = environment.id
     where deployment.id = ? and deployment.commit_sha is not null and service.source is not null`,
    [deploymentId],
  );
  return row ?? null;
}

/** The forge knows it, or never will. */
export const closeReport = (em: EntityManager, { id, generation }: DueReport, message: string | null): Promise<unknown> =>
  em.execute('update forge_report set sent_generation = greatest(sent_generation, ?), attempts = 0, message = ?, due_at = now() where id = ?', [generation, message, id]);

/** To be tried again. News that came meanwhile are due at once already, and stay so. */
export const postponeReport = (em: EntityManager, { id, generation }: DueReport, seconds: number, message: string): Promise<unknown> =>
  em.execute('update forge_report set due_at = now() + make_interval(secs => ?), message = ? where id = ? and generation = ?', [seconds, message, id, generation]);

/** A limit holds for all that is sent with one token: the installation's, or that of one team. */
export const postponeAllReports = (em: EntityManager, seconds: number, message: string, teamId: string | null): Promise<unknown> =>
  em.execute(
    `update forge_report set due_at = greatest(due_at, now() + make_interval(secs => ?)), message = ? where generation > sent_generation${teamId === null ? '' : ` and id in (
       select report.id from forge_report report left join deployment on deployment.id = report.deployment_id left join service on service.id = deployment.service_id left join preview on preview.id = report.preview_id
       where coalesce(service.team_id, preview.team_id) = ?)`}`,
    [seconds, message, ...(teamId === null ? [] : [teamId])],
  );
