import { Migration } from '@mikro-orm/migrations';

/** Environment groups, their variables, and what they are attached to. */
export class EnvGroups extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
  create table "env_group" (
    "id" uuid not null,
    "team_id" uuid not null,
    "environment_id" uuid null,
    "name" text not null,
    "revision" int not null default 1,
    "created_at" timestamptz(3) not null,
    "deleted_at" timestamptz(3) null,
    primary key ("id")
  );
  create unique index env_group_team_name_unique on env_group (team_id, name) where deleted_at is null;
  alter table "env_group" add constraint "env_group_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "env_group" add constraint "env_group_environment_id_foreign" foreign key ("environment_id") references "environment" ("id") on delete no action;

  create table "env_group_variable" (
    "id" uuid not null,
    "group_id" uuid not null,
    "key" text not null,
    "revision" int not null,
    "sealed_value" text not null,
    "created_at" timestamptz(3) not null,
    "replaced_at" timestamptz(3) null,
    primary key ("id")
  );
  create unique index env_group_variable_current_unique on env_group_variable (group_id, key) where replaced_at is null;
  alter table "env_group_variable" add constraint "env_group_variable_group_id_foreign" foreign key ("group_id") references "env_group" ("id");

  create table "service_env_group" (
    "id" uuid not null,
    "service_id" uuid not null,
    "group_id" uuid not null,
    "position" int not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "service_env_group_group_id_index" on "service_env_group" ("group_id");
  alter table "service_env_group" add constraint "service_env_group_service_id_group_id_unique" unique ("service_id", "group_id");
  alter table "service_env_group" add constraint "service_env_group_service_id_foreign" foreign key ("service_id") references "service" ("id") on delete cascade;
  alter table "service_env_group" add constraint "service_env_group_group_id_foreign" foreign key ("group_id") references "env_group" ("id");
`;
