import { Migration } from '@mikro-orm/migrations';

/** Where each backup is. Those before were all in the folder. */
export class BackupPlaces extends Migration {
  override up(): void {
    this.addSql(`alter table "backup" add column "place" text null`);
    this.addSql(`alter table "backup" add constraint "backup_place_check" check ("place" in ('VOLUME', 'S3'))`);
    this.addSql(`update "backup" set "place" = 'VOLUME' where "state" = 'DONE'`);
  }
}
