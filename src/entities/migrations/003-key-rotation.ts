import { Migration } from '@mikro-orm/migrations';

/** Data keys retire: they open what they sealed, and seal no more. */
export class KeyRotation extends Migration {
  override up(): void {
    this.addSql('alter table "team_key" add column "retired_at" timestamptz(3) null;');
  }
}
