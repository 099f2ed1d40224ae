import { Migration } from '@mikro-orm/migrations';

/** Invitations, narrowed roles, passwords, kinds of tokens, and the log of who did what. */
export class Access extends Migration {
  override up(): void {
    this.addSql(TABLES);
    this.addSql(TRIGGERS);
  }
}

const TABLES = `
  alter table "account" add column "password_hash" text null, add column "email_verified_at" timestamptz(3) null;
  alter table "environment" add column "protected" boolean not null default false;

  create table "invitation" (
    "id" uuid not null,
    "team_id" uuid not null,
    "email" text not null,
    "role" text not null,
    "hash" text not null,
    "invited_by" uuid null,
    "created_at" timestamptz(3) not null,
    "expires_at" timestamptz(3) not null,
    "accepted_at" timestamptz(3) null,
    "revoked_at" timestamptz(3) null,
    primary key ("id")
  );
  create unique index invitation_open_unique on invitation (team_id, email) where accepted_at is null and revoked_at is null;
  alter table "invitation" add constraint "invitation_hash_unique" unique ("hash");
  alter table "invitation" add constraint "invitation_role_check" check ("role" in ('OWNER', 'ADMIN', 'DEVELOPER', 'VIEWER'));
  alter table "invitation" add constraint "invitation_team_id_foreign" foreign key ("team_id") references "team" ("id");

  create table "environment_role" (
    "id" uuid not null,
    "membership_id" uuid not null,
    "environment_id" uuid not null,
    "role" text not null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  alter table "environment_role" add constraint "environment_role_membership_id_environment_id_unique" unique ("membership_id", "environment_id");
  alter table "environment_role" add constraint "environment_role_role_check" check ("role" in ('OWNER', 'ADMIN', 'DEVELOPER', 'VIEWER'));
  alter table "environment_role" add constraint "environment_role_membership_id_foreign" foreign key ("membership_id") references "membership" ("id") on delete cascade;
  alter table "environment_role" add constraint "environment_role_environment_id_foreign" foreign key ("environment_id") references "environment" ("id") on delete cascade;

  alter table "token" alter column "account_id" drop not null;
  alter table "token" drop constraint "token_account_id_foreign";
  alter table "token" add constraint "token_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete set null;
  alter table "token" add column "kind" text not null default 'ACCOUNT', add column "role" text null, add column "service_id" uuid null;
  alter table "token" add constraint "token_kind_check" check ("kind" in ('ACCOUNT', 'MACHINE', 'SESSION'));
  alter table "token" add constraint "token_role_check" check ("role" in ('OWNER', 'ADMIN', 'DEVELOPER', 'VIEWER'));
  alter table "token" add constraint "token_service_id_foreign" foreign key ("service_id") references "service" ("id") on delete cascade;

  create table "audit_event" (
    "id" uuid not null,
    "team_id" uuid null,
    "account_id" uuid null,
    "token_id" uuid null,
    "actor" text not null,
    "action" text not null,
    "target_kind" text null,
    "target_id" text null,
    "target_name" text null,
    "outcome" text not null,
    "ip" text not null,
    "door" text not null,
    "request_id" text not null,
    "before" jsonb null,
    "after" jsonb null,
    "created_at" timestamptz(3) not null,
    primary key ("id")
  );
  create index "audit_event_team_id_created_at_id_index" on "audit_event" ("team_id", "created_at", "id");
`;

const TRIGGERS = `
  create function refuse_change() returns trigger language plpgsql as $$
  begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
  end $$;
  create trigger audit_event_is_kept before update or delete or truncate on audit_event for each statement execute function refuse_change();
  revoke update, delete, truncate on audit_event from public;

  create function tell_role_narrowed() returns trigger language plpgsql as $$
  begin
    perform notify_apex('access.ended', jsonb_build_object('tokenId', null, 'accountId', account_id))
      from membership where id = coalesce(new.membership_id, old.membership_id);
    return null;
  end $$;
  create trigger tell_role_narrowed after insert or update or delete on environment_role for each row execute function tell_role_narrowed();
`;
