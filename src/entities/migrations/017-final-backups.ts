import { Migration } from '@mikro-orm/migrations';

/** Databases are backed up before they are deleted, and a team is told of a backup that failed. */
export class FinalBackups extends Migration {
  override up(): void {
    this.addSql(COLUMNS);
  }
}

const COLUMNS = `
  alter table "managed_database" add column "final_backup_id" uuid null;
  alter table "backup" add column "notice_due_at" timestamptz(3) null;
  alter table "backup" add column "notice_attempts" int not null default 0;
  alter table "backup" drop constraint "backup_trigger_check";
  alter table "backup" add constraint "backup_trigger_check" check ("trigger" in ('API', 'SCHEDULE', 'FINAL'));
`;
