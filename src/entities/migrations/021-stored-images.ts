import { Migration } from '@mikro-orm/migrations';

/** Which images of builds are in the node's registry, so that old ones can be taken out. */
export class StoredImages extends Migration {
  override up(): void {
    this.addSql(`
      create table "stored_image" (
        "service_id" uuid not null,
        "digest" text not null,
        "team_id" uuid not null,
        "created_at" timestamptz(3) not null,
        primary key ("service_id", "digest")
      )`);
    this.addSql(`
      insert into stored_image (service_id, digest, team_id, created_at)
      select service_id, digest, team_id, max(created_at) from build where state = 'SUCCEEDED' and digest is not null group by 1, 2, 3`);
  }
}
