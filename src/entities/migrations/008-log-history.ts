import { Migration } from '@mikro-orm/migrations';

/** The history of logs: which lines are in which file, and how far each source is. */
export class LogHistory extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
  create table "log_segment" (
    "id" uuid not null,
    "team_id" uuid not null,
    "source" text not null,
    "first_line" bigint not null,
    "lines" int not null,
    "bytes" int not null,
    "stored_bytes" int not null,
    "begins_at" timestamptz(3) not null,
    "ends_at" timestamptz(3) not null,
    "levels" int not null,
    "replicas" text[] not null,
    "sealed_key" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "log_segment_team_id_ends_at_index" on "log_segment" ("team_id", "ends_at");
  alter table "log_segment" add constraint "log_segment_source_first_line_unique" unique ("source", "first_line");

  create table "log_trail" (
    "source" text not null,
    "team_id" uuid not null,
    "next_line" bigint not null,
    "cursor" text null,
    "lost_lines" bigint not null,
    "gaps" int not null,
    "dropped_lines" bigint not null,
    primary key ("source")
  );
  create index "log_trail_team_id_index" on "log_trail" ("team_id");
`;
