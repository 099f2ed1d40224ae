import { Migration } from '@mikro-orm/migrations';

/** The tables of the first version, and the triggers that tell every server of a change. */
export class Initial extends Migration {
  override up(): void {
    this.addSql(TABLES);
    this.addSql(TRIGGERS);
  }
}

const TABLES = `
  create table "account" (
    "id" uuid not null,
    "name" text not null,
    "email" text null,
    "is_operator" boolean not null default false,
    "created_at" timestamptz(3) not null,
    "deleted_at" timestamptz(3) null,
    primary key ("id")
  );
  alter table "account" add constraint "account_email_unique" unique ("email");

  create table "installation" (
    "id" uuid not null,
    "only" boolean not null default true,
    "key_check" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "installation" add constraint "installation_only_unique" unique ("only");

  create table "lease" (
    "key" text not null,
    "holder" uuid not null,
    "fence" int not null,
    "expires_at" timestamptz(3) not null,
    primary key ("key")
  );

  create table "team" (
    "id" uuid not null,
    "name" text not null,
    "personal" boolean not null default false,
    "created_at" timestamptz(3) not null,
    "deleted_at" timestamptz(3) null,
    primary key ("id")
  );

  create table "costly_call" (
    "key" text not null,
    "stamps" bigint[] not null,
    "expires_at" timestamptz(3) not null,
    primary key ("key")
  );
  create index "costly_call_expires_at_index" on "costly_call" ("expires_at");

  create table "registry_credential" (
    "id" uuid not null,
    "team_id" uuid not null,
    "registry" text not null,
    "username" text not null,
    "sealed_password" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "registry_credential" add constraint "registry_credential_team_id_registry_unique" unique ("team_id", "registry");

  create table "membership" (
    "id" uuid not null,
    "team_id" uuid not null,
    "account_id" uuid not null,
    "role" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "membership_account_id_index" on "membership" ("account_id");
  alter table "membership" add constraint "membership_team_id_account_id_unique" unique ("team_id", "account_id");
  alter table "membership" add constraint "membership_role_check" check ("role" in ('OWNER', 'ADMIN', 'DEVELOPER', 'VIEWER'));

  create table "environment" (
    "id" uuid not null,
    "team_id" uuid not null,
    "name" text not null,
    "namespace" text not null,
    "cluster_id" uuid null,
    "created_at" timestamptz(3) not null,
    "deleted_at" timestamptz(3) null,
    primary key ("id")
  );
  alter table "environment" add constraint "environment_namespace_unique" unique ("namespace");
  create unique index environment_team_name_unique on environment (team_id, name) where deleted_at is null;

  create table "service" (
    "id" uuid not null,
    "team_id" uuid not null,
    "environment_id" uuid not null,
    "name" text not null,
    "image" text not null,
    "command" jsonb null,
    "args" jsonb null,
    "container_port" int null,
    "public" boolean not null default false,
    "replicas" int not null default 1,
    "health_check" jsonb null,
    "resources" jsonb not null,
    "paused" boolean not null default false,
    "generation" int not null default 1,
    "observed_generation" int not null default 0,
    "ready_replicas" int not null default 0,
    "address_answers" boolean not null default false,
    "status_message" text null,
    "current_deployment_id" uuid null,
    "latest_deployment_id" uuid null,
    "created_at" timestamptz(3) not null,
    "deleted_at" timestamptz(3) null,
    primary key ("id")
  );
  create unique index service_environment_name_unique on service (environment_id, name) where deleted_at is null;
  create index "service_team_id_created_at_id_index" on "service" ("team_id", "created_at", "id");

  create table "release" (
    "id" uuid not null,
    "service_id" uuid not null,
    "number" int not null,
    "digest" text null,
    "spec" jsonb not null,
    "variable_ids" jsonb not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "release" add constraint "release_service_id_number_unique" unique ("service_id", "number");

  create table "host" (
    "id" uuid not null,
    "name" text not null,
    "service_id" uuid not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "host" add constraint "host_name_unique" unique ("name");
  create index "host_service_id_index" on "host" ("service_id");

  create table "deployment" (
    "id" uuid not null,
    "service_id" uuid not null,
    "state" text not null default 'QUEUED',
    "trigger" text not null,
    "account_id" uuid null,
    "token_id" uuid null,
    "image" text not null,
    "spec" jsonb not null,
    "variable_ids" jsonb not null,
    "digest" text null,
    "release_id" uuid null,
    "reason_code" text null,
    "reason_message" text null,
    "rollout_started_at" timestamptz(3) null,
    "created_at" timestamptz(3) not null,
    "ended_at" timestamptz(3) null,
    primary key ("id")
  );
  create unique index deployment_one_unfinished on deployment (service_id) where state in ('QUEUED', 'PREPARING', 'BUILDING', 'PRE_DEPLOY', 'ROLLING_OUT');
  create index "deployment_service_id_created_at_id_index" on "deployment" ("service_id", "created_at", "id");
  alter table "deployment" add constraint "deployment_state_check" check ("state" in ('QUEUED', 'PREPARING', 'BUILDING', 'PRE_DEPLOY', 'ROLLING_OUT', 'LIVE', 'FAILED', 'CANCELED', 'SUPERSEDED'));
  alter table "deployment" add constraint "deployment_trigger_check" check ("trigger" in ('API', 'REDEPLOY', 'ROLLBACK', 'PROMOTION', 'PUSH', 'PULL_REQUEST', 'AUTO'));
  alter table "deployment" add constraint "deployment_reason_code_check" check ("reason_code" in ('IMAGE_NOT_FOUND', 'IMAGE_UNAUTHORIZED', 'CRASH_LOOP', 'OUT_OF_MEMORY', 'UNSCHEDULABLE', 'READINESS_TIMEOUT', 'QUOTA_EXCEEDED', 'BUILD_FAILED', 'PRE_DEPLOY_FAILED', 'CANCELED', 'SUPERSEDED', 'CLUSTER_UNAVAILABLE', 'INTERNAL'));

  create table "deployment_event" (
    "id" uuid not null,
    "deployment_id" uuid not null,
    "number" int not null,
    "state" text not null,
    "step" text null,
    "step_state" text null,
    "message" text null,
    "at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "deployment_event" add constraint "deployment_event_deployment_id_number_unique" unique ("deployment_id", "number");
  alter table "deployment_event" add constraint "deployment_event_state_check" check ("state" in ('QUEUED', 'PREPARING', 'BUILDING', 'PRE_DEPLOY', 'ROLLING_OUT', 'LIVE', 'FAILED', 'CANCELED', 'SUPERSEDED'));
  alter table "deployment_event" add constraint "deployment_event_step_check" check ("step" in ('PREPARE', 'BUILD', 'PRE_DEPLOY', 'ROLL_OUT'));
  alter table "deployment_event" add constraint "deployment_event_step_state_check" check ("step_state" in ('RUNNING', 'DONE', 'FAILED', 'CANCELED'));

  create table "team_key" (
    "id" uuid not null,
    "team_id" uuid not null,
    "master_key_id" text not null,
    "sealed_key" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "team_key_team_id_index" on "team_key" ("team_id");

  create table "token" (
    "id" uuid not null,
    "account_id" uuid not null,
    "team_id" uuid null,
    "name" text not null,
    "hash" text not null,
    "prefix" text not null,
    "scopes" text[] not null,
    "expires_at" timestamptz(3) null,
    "revoked_at" timestamptz(3) null,
    "last_used_at" timestamptz(3) null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "token_account_id_index" on "token" ("account_id");
  alter table "token" add constraint "token_hash_unique" unique ("hash");

  create table "variable" (
    "id" uuid not null,
    "service_id" uuid not null,
    "key" text not null,
    "kind" text not null default 'SECRET',
    "scope" text not null default 'RUN',
    "revision" int not null,
    "sealed_value" text not null,
    "created_at" timestamptz(3) not null,
    "replaced_at" timestamptz(3) null,
    primary key ("id")
  );
  create unique index variable_current_unique on variable (service_id, key) where replaced_at is null;
  alter table "variable" add constraint "variable_service_id_key_revision_unique" unique ("service_id", "key", "revision");
  alter table "variable" add constraint "variable_kind_check" check ("kind" in ('PLAIN', 'SECRET', 'REFERENCE'));
  alter table "variable" add constraint "variable_scope_check" check ("scope" in ('RUN', 'BUILD'));
  alter table "registry_credential" add constraint "registry_credential_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "membership" add constraint "membership_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "membership" add constraint "membership_account_id_foreign" foreign key ("account_id") references "account" ("id");
  alter table "environment" add constraint "environment_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "service" add constraint "service_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "service" add constraint "service_environment_id_foreign" foreign key ("environment_id") references "environment" ("id");
  alter table "service" add constraint "service_current_deployment_id_foreign" foreign key ("current_deployment_id") references "deployment" ("id") on delete set null;
  alter table "service" add constraint "service_latest_deployment_id_foreign" foreign key ("latest_deployment_id") references "deployment" ("id") on delete set null;
  alter table "release" add constraint "release_service_id_foreign" foreign key ("service_id") references "service" ("id");
  alter table "host" add constraint "host_service_id_foreign" foreign key ("service_id") references "service" ("id");
  alter table "deployment" add constraint "deployment_service_id_foreign" foreign key ("service_id") references "service" ("id");
  alter table "deployment" add constraint "deployment_release_id_foreign" foreign key ("release_id") references "release" ("id") on delete set null;
  alter table "deployment_event" add constraint "deployment_event_deployment_id_foreign" foreign key ("deployment_id") references "deployment" ("id") on delete cascade;
  alter table "team_key" add constraint "team_key_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "token" add constraint "token_account_id_foreign" foreign key ("account_id") references "account" ("id");
  alter table "token" add constraint "token_team_id_foreign" foreign key ("team_id") references "team" ("id") on delete cascade;
  alter table "variable" add constraint "variable_service_id_foreign" foreign key ("service_id") references "service" ("id");
`;

/** A payload says only "look again". It is sent by the row itself, so that no writer can forget it. */
const TRIGGERS = `
  create function notify_apex(topic text, payload jsonb) returns void language sql as $$
    select pg_notify('apex_events', (jsonb_build_object('topic', topic) || payload)::text)
  $$;

  create function tell_deployment_event() returns trigger language plpgsql as $$
  declare
    owner record;
  begin
    select service.id, service.team_id into owner
      from deployment join service on service.id = deployment.service_id where deployment.id = new.deployment_id;
    perform notify_apex('deployment.changed', jsonb_build_object('deploymentId', new.deployment_id, 'serviceId', owner.id));
    perform notify_apex('service.changed', jsonb_build_object('serviceId', owner.id, 'teamId', owner.team_id));
    return null;
  end $$;
  create trigger tell_deployment_event after insert on deployment_event for each row execute function tell_deployment_event();

  create function tell_service() returns trigger language plpgsql as $$
  declare
    service record := coalesce(new, old);
  begin
    perform notify_apex('service.changed', jsonb_build_object('serviceId', service.id, 'teamId', service.team_id));
    return null;
  end $$;
  create trigger tell_service_made_or_gone after insert or delete on service for each row execute function tell_service();
  create trigger tell_service_changed after update on service for each row when (old is distinct from new) execute function tell_service();

  create function tell_token_ended() returns trigger language plpgsql as $$
  begin
    perform notify_apex('access.ended', jsonb_build_object('tokenId', old.id, 'accountId', null));
    return null;
  end $$;
  create trigger tell_token_revoked after update on token for each row when (new.revoked_at is not null and old.revoked_at is null) execute function tell_token_ended();
  create trigger tell_token_gone after delete on token for each row execute function tell_token_ended();

  create function tell_member_changed() returns trigger language plpgsql as $$
  begin
    perform notify_apex('access.ended', jsonb_build_object('tokenId', null, 'accountId', old.account_id));
    return null;
  end $$;
  create trigger tell_member_gone after delete on membership for each row execute function tell_member_changed();
  create trigger tell_member_changed after update on membership for each row when (old.role is distinct from new.role) execute function tell_member_changed();

  create function tell_account_ended() returns trigger language plpgsql as $$
  begin
    perform notify_apex('access.ended', jsonb_build_object('tokenId', null, 'accountId', old.id));
    return null;
  end $$;
  create trigger tell_account_ended after update on account for each row when (new.deleted_at is not null and old.deleted_at is null) execute function tell_account_ended();
`;
