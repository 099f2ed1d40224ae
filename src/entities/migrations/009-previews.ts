import { Migration } from '@mikro-orm/migrations';

/** Previews of pull requests, and what the forge is told of deployments. */
export class Previews extends Migration {
  override up(): void {
    this.addSql(TABLES);
    this.addSql(REPORTS);
  }
}

const TABLES = `
  alter table "environment" add column "kind" text not null default 'STAGE';
  alter table "environment" add constraint "environment_kind_check" check ("kind" in ('STAGE', 'PREVIEW'));
  alter table "service" add column "previews" jsonb null;

  create table "preview" (
    "id" uuid not null,
    "team_id" uuid not null,
    "environment_id" uuid null,
    "repository" text not null,
    "number" int not null,
    "url" text not null,
    "branch" text not null,
    "commit_sha" text not null,
    "fork" boolean not null default false,
    "state" text not null default 'CLOSED',
    "message" text null,
    "notes" jsonb not null,
    "approved_commit" text null,
    "approved_by" uuid null,
    "last_event_at" int not null default 0,
    "ended" boolean not null default false,
    "last_activity_at" timestamptz(3) not null,
    "comment_id" text null,
    "created_at" timestamptz(3) not null,
    "closed_at" timestamptz(3) null,
    primary key ("id")
  );
  create unique index preview_pull_request_unique on preview (team_id, lower(repository), number);
  create index "preview_team_id_created_at_id_index" on "preview" ("team_id", "created_at", "id");
  alter table "preview" add constraint "preview_environment_id_unique" unique ("environment_id");
  alter table "preview" add constraint "preview_state_check" check ("state" in ('AWAITING_APPROVAL', 'OPEN', 'REFUSED', 'CLOSED'));
  alter table "preview" add constraint "preview_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "preview" add constraint "preview_environment_id_foreign" foreign key ("environment_id") references "environment" ("id") on delete set null;

  create table "preview_variable" (
    "id" uuid not null,
    "service_id" uuid not null,
    "key" text not null,
    "sealed_value" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "preview_variable" add constraint "preview_variable_service_id_key_unique" unique ("service_id", "key");
  alter table "preview_variable" add constraint "preview_variable_service_id_foreign" foreign key ("service_id") references "service" ("id") on delete cascade;

  alter table "webhook_delivery" drop constraint "webhook_delivery_outcome_check";
  alter table "webhook_delivery" add constraint "webhook_delivery_outcome_check" check ("outcome" in ('DEPLOYED', 'IGNORED', 'PONG', 'AWAITING_APPROVAL', 'CLOSED'));

  create table "forge_report" (
    "id" uuid not null,
    "deployment_id" uuid null,
    "preview_id" uuid null,
    "generation" int not null default 1,
    "sent_generation" int not null default 0,
    "attempts" int not null default 0,
    "due_at" timestamptz(3) not null,
    "message" text null,
    primary key ("id")
  );
  create index forge_report_due on forge_report (due_at) where generation > sent_generation;
  alter table "forge_report" add constraint "forge_report_deployment_id_unique" unique ("deployment_id");
  alter table "forge_report" add constraint "forge_report_preview_id_unique" unique ("preview_id");
  alter table "forge_report" add constraint "forge_report_deployment_id_foreign" foreign key ("deployment_id") references "deployment" ("id") on delete cascade;
  alter table "forge_report" add constraint "forge_report_preview_id_foreign" foreign key ("preview_id") references "preview" ("id") on delete cascade;
`;

/** By trigger, so that no way of moving a deployment can forget it. */
const REPORTS = `
  create function report_deployment() returns trigger language plpgsql as $$
  begin
    if new.commit_sha is not null then
      insert into forge_report (id, deployment_id, due_at)
      select gen_random_uuid(), new.id, now() from service where service.id = new.service_id and service.source is not null
      on conflict (deployment_id) do update set generation = forge_report.generation + 1, attempts = 0, due_at = now();
    end if;
    insert into forge_report (id, preview_id, due_at)
    select gen_random_uuid(), preview.id, now() from service join preview on preview.environment_id = service.environment_id where service.id = new.service_id
    on conflict (preview_id) do update set generation = forge_report.generation + 1, attempts = 0, due_at = now();
    return null;
  end $$;
  create trigger report_deployment_made after insert on deployment for each row execute function report_deployment();
  create trigger report_deployment_moved after update on deployment for each row when (old.state is distinct from new.state) execute function report_deployment();

  create function report_preview() returns trigger language plpgsql as $$
  begin
    insert into forge_report (id, preview_id, due_at) values (gen_random_uuid(), new.id, now())
    on conflict (preview_id) do update set generation = forge_report.generation + 1, attempts = 0, due_at = now();
    return null;
  end $$;
  create trigger report_preview_changed after update on preview for each row
    when ((old.state, old.commit_sha, old.message) is distinct from (new.state, new.commit_sha, new.message)) execute function report_preview();
`;
