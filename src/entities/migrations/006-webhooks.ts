import { Migration } from '@mikro-orm/migrations';

/** Services follow repositories; deliveries of webhooks and what they led to. */
export class Webhooks extends Migration {
  override up(): void {
    this.addSql(TABLES);
  }
}

const TABLES = `
  alter table "service" add column "source" jsonb null, add column "last_push" jsonb null, add column "sealed_webhook_secret" text null;
  create index service_source_index on service (lower(source->>'repository'), (source->>'branch')) where deleted_at is null;
  alter table "deployment" add column "commit_sha" text null;

  create table "webhook_delivery" (
    "id" uuid not null,
    "receiver" text not null,
    "delivery_id" text not null,
    "verdict" text not null,
    "event" text not null,
    "action" text null,
    "repository" text null,
    "ref" text null,
    "commit_sha" text null,
    "headers" jsonb not null,
    "body" bytea not null,
    "outcome" text not null default 'IGNORED',
    "message" text null,
    "replay_of" uuid null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "webhook_delivery_replay_of_index" on "webhook_delivery" ("replay_of");
  create index "webhook_delivery_created_at_id_index" on "webhook_delivery" ("created_at", "id");
  alter table "webhook_delivery" add constraint "webhook_delivery_receiver_delivery_id_unique" unique ("receiver", "delivery_id");
  alter table "webhook_delivery" add constraint "webhook_delivery_verdict_check" check ("verdict" in ('SERVER_SECRET', 'SERVICE_SECRET', 'REPLAYED'));
  alter table "webhook_delivery" add constraint "webhook_delivery_outcome_check" check ("outcome" in ('DEPLOYED', 'IGNORED', 'PONG'));
  alter table "webhook_delivery" add constraint "webhook_delivery_replay_of_foreign" foreign key ("replay_of") references "webhook_delivery" ("id") on delete set null;

  create table "webhook_effect" (
    "id" uuid not null,
    "delivery_id" uuid not null,
    "service_id" uuid not null,
    "deployment_id" uuid null,
    "message" text null,
    primary key ("id")
  );
  create index "webhook_effect_delivery_id_index" on "webhook_effect" ("delivery_id");
  create index "webhook_effect_service_id_index" on "webhook_effect" ("service_id");
  create index "webhook_effect_deployment_id_index" on "webhook_effect" ("deployment_id");
  alter table "webhook_effect" add constraint "webhook_effect_delivery_id_foreign" foreign key ("delivery_id") references "webhook_delivery" ("id") on delete cascade;
  alter table "webhook_effect" add constraint "webhook_effect_service_id_foreign" foreign key ("service_id") references "service" ("id") on delete cascade;
  alter table "webhook_effect" add constraint "webhook_effect_deployment_id_foreign" foreign key ("deployment_id") references "deployment" ("id") on delete set null;
`;
