import { Migration } from '@mikro-orm/migrations';

/** Backups of databases, and restores. */
export class Backups extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
  create table "backup" (
    "id" uuid not null,
    "team_id" uuid not null,
    "database_id" uuid not null,
    "state" text not null default 'RUNNING',
    "trigger" text not null default 'API',
    "engine" text not null,
    "version" text not null,
    "size" double precision null,
    "content_size" double precision null,
    "sha256" text null,
    "sealed_key" text null,
    "message" text null,
    "attempts" int not null default 0,
    "created_at" timestamptz(3) not null,
    "ended_at" timestamptz(3) null,
    "deleted_at" timestamptz(3) null,
    primary key ("id")
  );
  create index "backup_database_id_created_at_id_index" on "backup" ("database_id", "created_at", "id");
  alter table "backup" add constraint "backup_state_check" check ("state" in ('RUNNING', 'DONE', 'FAILED'));
  alter table "backup" add constraint "backup_trigger_check" check ("trigger" in ('API', 'SCHEDULE'));
  alter table "backup" add constraint "backup_engine_check" check ("engine" in ('postgres', 'mysql', 'mariadb', 'redis', 'mongodb'));
  alter table "backup" add constraint "backup_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "backup" add constraint "backup_database_id_foreign" foreign key ("database_id") references "managed_database" ("id") on delete cascade;

  create table "backup_schedule" (
    "id" uuid not null,
    "team_id" uuid not null,
    "database_id" uuid not null,
    "cron" text not null,
    "time_zone" text not null,
    "keep_count" int not null,
    "keep_days" int null,
    "next_at" timestamptz(3) not null,
    "trouble" text null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "backup_schedule" add constraint "backup_schedule_database_id_unique" unique ("database_id");
  create index "backup_schedule_next_at_index" on "backup_schedule" ("next_at");
  alter table "backup_schedule" add constraint "backup_schedule_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "backup_schedule" add constraint "backup_schedule_database_id_foreign" foreign key ("database_id") references "managed_database" ("id") on delete cascade;

  create table "restore" (
    "id" uuid not null,
    "team_id" uuid not null,
    "backup_id" uuid null,
    "database_id" uuid not null,
    "state" text not null default 'RUNNING',
    "message" text null,
    "attempts" int not null default 0,
    "created_at" timestamptz(3) not null,
    "ended_at" timestamptz(3) null,
    primary key ("id")
  );
  create index "restore_backup_id_index" on "restore" ("backup_id");
  create index "restore_database_id_index" on "restore" ("database_id");
  alter table "restore" add constraint "restore_state_check" check ("state" in ('RUNNING', 'DONE', 'FAILED'));
  alter table "restore" add constraint "restore_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "restore" add constraint "restore_backup_id_foreign" foreign key ("backup_id") references "backup" ("id") on delete set null;
  alter table "restore" add constraint "restore_database_id_foreign" foreign key ("database_id") references "managed_database" ("id") on delete cascade;
`;
