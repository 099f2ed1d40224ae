import { Migration } from '@mikro-orm/migrations';

/** Databases that Apex runs, and variables that refer to one. */
export class Databases extends Migration {
  override up(): void {
    this.addSql(TABLES);
    this.addSql(TRIGGERS);
  }
}

const TABLES = `
  create table "managed_database" (
    "id" uuid not null,
    "team_id" uuid not null,
    "environment_id" uuid not null,
    "name" text not null,
    "type" text not null,
    "version" text not null,
    "size" text not null,
    "resources" jsonb not null,
    "storage" text not null,
    "status" text not null default 'PROVISIONING',
    "status_message" text null,
    "paused" boolean not null default false,
    "sealed_password" text not null,
    "sealed_next_password" text null,
    "credentials_revision" int not null default 1,
    "generation" int not null default 1,
    "observed_generation" int not null default 0,
    "created_at" timestamptz(3) not null,
    "deleted_at" timestamptz(3) null,
    "purge_at" timestamptz(3) null,
    primary key ("id")
  );
  alter table "managed_database" add constraint "managed_database_environment_id_name_unique" unique ("environment_id", "name");
  create index "managed_database_team_id_created_at_id_index" on "managed_database" ("team_id", "created_at", "id");
  alter table "managed_database" add constraint "managed_database_type_check" check ("type" in ('postgres', 'mysql', 'mariadb', 'redis', 'mongodb'));
  alter table "managed_database" add constraint "managed_database_size_check" check ("size" in ('small', 'medium', 'large', 'xlarge'));
  alter table "managed_database" add constraint "managed_database_status_check" check ("status" in ('PROVISIONING', 'AVAILABLE', 'UPDATING', 'PAUSED', 'STORAGE_FULL', 'FAILED', 'DELETED'));
  alter table "managed_database" add constraint "managed_database_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "managed_database" add constraint "managed_database_environment_id_foreign" foreign key ("environment_id") references "environment" ("id");

  alter table "variable" add column "database_id" uuid null;
  create index "variable_database_id_index" on "variable" ("database_id");
  alter table "variable" add constraint "variable_database_id_foreign" foreign key ("database_id") references "managed_database" ("id") on delete set null;
`;

/** A service and a database of one environment are found by name in one network, so they share their names. */
const TRIGGERS = `
  create function hold_name_in_environment() returns trigger language plpgsql as $$
  begin
    perform pg_advisory_xact_lock(hashtextextended(new.environment_id::text || '/' || new.name, 0));
    if (tg_table_name = 'service' and exists (select from managed_database where environment_id = new.environment_id and name = new.name))
      or (tg_table_name = 'managed_database' and exists (select from service where environment_id = new.environment_id and name = new.name and deleted_at is null))
    then
      raise unique_violation using message = 'the name is taken in this environment', constraint = 'name_in_environment';
    end if;
    return new;
  end $$;
  create trigger hold_service_name before insert on service for each row execute function hold_name_in_environment();
  create trigger hold_database_name before insert on managed_database for each row execute function hold_name_in_environment();

  create function tell_database() returns trigger language plpgsql as $$
  declare
    changed record := coalesce(new, old);
  begin
    perform notify_apex('database.changed', jsonb_build_object('databaseId', changed.id, 'teamId', changed.team_id));
    return null;
  end $$;
  create trigger tell_database_made_or_gone after insert or delete on managed_database for each row execute function tell_database();
  create trigger tell_database_changed after update on managed_database for each row when (old is distinct from new) execute function tell_database();
`;
