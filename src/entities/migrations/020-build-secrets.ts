import { Migration } from '@mikro-orm/migrations';

/** A name may be a variable of a service and a secret of its builds. */
export class BuildSecrets extends Migration {
  override up(): void {
    this.addSql('drop index variable_current_unique');
    this.addSql('create unique index variable_current_unique on variable (service_id, scope, key) where replaced_at is null');
    this.addSql('alter table "variable" drop constraint "variable_service_id_key_revision_unique"');
    this.addSql('alter table "variable" add constraint "variable_service_id_scope_key_revision_unique" unique ("service_id", "scope", "key", "revision")');
  }
}
