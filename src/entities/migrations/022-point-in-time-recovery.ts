import { Migration } from '@mikro-orm/migrations';

/** Archives of databases' logs, and restores of a time. */
export class PointInTimeRecoveries extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
  create table "point_in_time_recovery" (
    "database_id" uuid not null,
    "team_id" uuid not null,
    "keep_days" int not null,
    "latest" timestamptz(3) null,
    "chain" int not null default 0,
    "next_segment" double precision null,
    "snapshot" text null,
    "log_trouble" text null,
    "base_trouble" text null,
    "created_at" timestamptz(3) not null,
    "ended_at" timestamptz(3) null,
    primary key ("database_id")
  );
  alter table "point_in_time_recovery" add constraint "point_in_time_recovery_database_id_foreign" foreign key ("database_id") references "managed_database" ("id") on update cascade on delete cascade;
  alter table "point_in_time_recovery" add constraint "point_in_time_recovery_team_id_foreign" foreign key ("team_id") references "team" ("id");

  create table "recovery_part" (
    "id" uuid not null,
    "team_id" uuid not null,
    "database_id" uuid not null,
    "chain" int not null,
    "kind" text not null,
    "segment" double precision not null,
    "name" text not null,
    "reached_at" timestamptz(3) null,
    "size" double precision not null,
    "content_size" double precision not null,
    "place" text not null,
    "sealed_key" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "recovery_part_database_id_chain_kind_segment_index" on "recovery_part" ("database_id", "chain", "kind", "segment");
  alter table "recovery_part" add constraint "recovery_part_kind_check" check ("kind" in ('BASE', 'SEGMENT'));
  alter table "recovery_part" add constraint "recovery_part_place_check" check ("place" in ('VOLUME', 'S3'));
  alter table "recovery_part" add constraint "recovery_part_team_id_foreign" foreign key ("team_id") references "team" ("id");
  alter table "recovery_part" add constraint "recovery_part_database_id_foreign" foreign key ("database_id") references "managed_database" ("id") on delete cascade;

  alter table "restore" add column "source_id" uuid null;
  alter table "restore" add column "to_time" timestamptz(3) null;
  alter table "restore" add constraint "restore_source_id_foreign" foreign key ("source_id") references "managed_database" ("id") on delete set null;
  create index "restore_source_id_index" on "restore" ("source_id");
`;
