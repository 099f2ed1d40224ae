import { Migration } from '@mikro-orm/migrations';

/** Where teams send their logs. */
export class LogDrains extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
  create table "log_drain" (
    "id" uuid not null,
    "team_id" uuid not null,
    "name" text not null,
    "url" text not null,
    "sealed_token" text null,
    "sent" bigint not null default '0',
    "dropped" bigint not null default '0',
    "last_error" text null,
    "last_error_at" timestamptz(3) null,
    "last_sent_at" timestamptz(3) null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "log_drain_team_id_index" on "log_drain" ("team_id");
  alter table "log_drain" add constraint "log_drain_team_id_foreign" foreign key ("team_id") references "team" ("id");

  create table "log_drain_position" (
    "drain" text not null,
    "source" text not null,
    "next_line" bigint not null,
    primary key ("drain", "source")
  );
`;
