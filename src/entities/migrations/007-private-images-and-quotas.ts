import { Migration } from '@mikro-orm/migrations';

/** Private images are pulled with a team's credential; a team's environments have limits of their own. */
export class PrivateImagesAndQuotas extends Migration {
  override up(): void {
    this.addSql(`
      alter table "deployment" add column "pull_registry" text null;
      alter table "team" add column "quota" jsonb null;
    `);
  }
}
