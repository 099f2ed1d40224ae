import { Migration } from '@mikro-orm/migrations';

/** Keyed calls; what a deployment runs before its rollout, its deadline, its last words; where a release came from. */
export class Rollouts extends Migration {
  override up(): void {
    this.addSql(`
      create table "idempotent_call" (
        "key_hash" text not null,
        "input_hash" text not null,
        "sealed_answer" text not null,
        "expires_at" timestamptz(3) not null,
        primary key ("key_hash")
      );
      create index "idempotent_call_expires_at_index" on "idempotent_call" ("expires_at");

      alter table "service" add column "pre_deploy" jsonb null;
      alter table "service" add column "deploy_timeout_seconds" int null;

      alter table "release" add column "manifest_hash" text null;

      alter table "deployment" add column "from_release_id" uuid null;
      alter table "deployment" add column "pre_deploy_started_at" timestamptz(3) null;
      alter table "deployment" add column "sealed_last_lines" text null;
    `);
  }
}
