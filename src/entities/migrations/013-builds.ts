import { Migration } from '@mikro-orm/migrations';

/** Images that are made from commits. */
export class Builds extends Migration {
  override up(): void {
    this.addSql(TABLES);
    this.addSql(TRIGGERS);
  }
}

const TABLES = `
  create table "build" (
    "id" uuid not null,
    "deployment_id" uuid not null,
    "service_id" uuid not null,
    "team_id" uuid not null,
    "state" text not null default 'QUEUED',
    "request" jsonb not null,
    "commit_sha" text null,
    "digest" text null,
    "failing_step" text null,
    "message" text null,
    "runner" uuid null,
    "heard_at" timestamptz(3) null,
    "attempts" int not null default 0,
    "created_at" timestamptz(3) not null,
    "started_at" timestamptz(3) null,
    "ended_at" timestamptz(3) null,
    primary key ("id")
  );
  alter table "build" add constraint "build_deployment_id_unique" unique ("deployment_id");
  create index "build_service_id_created_at_index" on "build" ("service_id", "created_at");
  create index build_unfinished on build (created_at) where state in ('QUEUED', 'RUNNING');
  alter table "build" add constraint "build_state_check" check ("state" in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'));
  alter table "build" add constraint "build_deployment_id_foreign" foreign key ("deployment_id") references "deployment" ("id") on delete cascade;
  alter table "build" add constraint "build_service_id_foreign" foreign key ("service_id") references "service" ("id") on delete cascade;
  alter table "build" add constraint "build_team_id_foreign" foreign key ("team_id") references "team" ("id");

  create table "build_log" (
    "id" uuid not null,
    "build_id" uuid not null,
    "first_line" int not null,
    "lines" int not null,
    "sealed_text" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "build_log" add constraint "build_log_build_id_first_line_unique" unique ("build_id", "first_line");
  alter table "build_log" add constraint "build_log_build_id_foreign" foreign key ("build_id") references "build" ("id") on delete cascade;
`;

/** Who reads a build's log is told that there is more of it, and that the build has ended. A deployment that has ended has no use for its build. */
const TRIGGERS = `
  create function tell_build_log() returns trigger language plpgsql as $$
  begin
    perform notify_apex('build.changed', jsonb_build_object('buildId', new.build_id));
    return null;
  end $$;
  create trigger tell_build_log after insert on build_log for each row execute function tell_build_log();

  create function tell_build() returns trigger language plpgsql as $$
  begin
    perform notify_apex('build.changed', jsonb_build_object('buildId', new.id));
    return null;
  end $$;
  create function cancel_build() returns trigger language plpgsql as $$
  begin
    update build set state = 'CANCELED', runner = null, ended_at = now() where deployment_id = new.id and state in ('QUEUED', 'RUNNING');
    return null;
  end $$;
  create trigger cancel_build after update on deployment for each row when (old.state is distinct from new.state and new.state in ('FAILED', 'CANCELED', 'SUPERSEDED')) execute function cancel_build();

  create trigger tell_build after update on build for each row when (old.state is distinct from new.state) execute function tell_build();
`;
