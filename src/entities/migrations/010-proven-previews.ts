import { Migration } from '@mikro-orm/migrations';

/** Whether the forge itself told the installation of a pull request: only then may the installation's own token speak of it. */
export class ProvenPreviews extends Migration {
  override up(): void {
    this.addSql('alter table "preview" add column "proven" boolean not null default false;');
  }
}
