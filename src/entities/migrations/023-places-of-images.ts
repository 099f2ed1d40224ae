import { Migration } from '@mikro-orm/migrations';

/** In which repository an image of a build is: until now they were all in the embedded node's registry, and a preview's in that of the service that it copies. */
export class PlacesOfImages extends Migration {
  override up(): void {
    this.addSql(`alter table "stored_image" add column "image" text`);
    this.addSql(`
      update "stored_image" stored set "image" = coalesce(
        (select deployment.image from build join deployment on deployment.id = build.deployment_id
         where build.service_id = stored.service_id and build.digest = stored.digest order by build.created_at desc limit 1),
        'apex.local/teams/' || stored.team_id || '/' || stored.service_id)`);
    this.addSql(`delete from "stored_image" stored using "stored_image" other where other.image = stored.image and other.digest = stored.digest and other.service_id > stored.service_id`);
    this.addSql(`alter table "stored_image" alter column "image" set not null, drop constraint "stored_image_pkey", add primary key ("image", "digest")`);
  }
}
