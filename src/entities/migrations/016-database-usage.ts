import { Migration } from '@mikro-orm/migrations';

/** How busy and how full databases are. */
export class DatabaseUsage extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
  create table "database_usage" (
    "database_id" uuid not null,
    "connections" int null,
    "max_connections" int null,
    "memory_used" double precision null,
    "storage_used" double precision not null,
    "storage_total" double precision not null,
    "observed_at" timestamptz(3) not null,
    primary key ("database_id")
  );
  alter table "database_usage" add constraint "database_usage_database_id_foreign" foreign key ("database_id") references "managed_database" ("id") on update cascade on delete cascade;
`;
