import type { Database } from './database.js';

/**
 * What the server's ordinary role may do where another role owns the tables: read and write rows, and make the tables of
 * the queue and of the rate limit. The audit log it may read and add to, and nothing else; it owns none of these tables, so it
 * cannot take the trigger away either. Said anew at each boot, for what a migration has added.
 */
const RIGHTS = `
  do $$
  declare
    ordinary text := current_setting('apex.ordinary_role');
    owned record;
  begin
    if ordinary = current_user then return; end if;
    execute format('grant create on database %I to %I', current_database(), ordinary);
    execute format('grant usage, create on schema public to %I', ordinary);
    for owned in select tablename from pg_tables where schemaname = 'public' and tableowner = current_user loop
      if owned.tablename = 'migration' then
        execute format('grant select on public.%I to %I', owned.tablename, ordinary);
      elsif owned.tablename = 'audit_event' then
        execute format('revoke all on public.%I from %I', owned.tablename, ordinary);
        execute format('grant select, insert on public.%I to %I', owned.tablename, ordinary);
      else
        execute format('grant select, insert, update, delete on public.%I to %I', owned.tablename, ordinary);
      end if;
    end loop;
    for owned in select sequencename from pg_sequences where schemaname = 'public' and sequenceowner = current_user loop
      execute format('grant usage on sequence public.%I to %I', owned.sequencename, ordinary);
    end loop;
  end $$`;

/** The role that a server works as. */
export async function roleOf(orm: Database): Promise<string> {
  const [{ role }] = await orm.em.getConnection().execute<[{ role: string }]>('select current_user as role');
  return role;
}

/** Gives an ordinary role its rights on what the role of `owner` owns; nothing where they are the same. */
export async function grantRights(owner: Database, ordinary: string): Promise<void> {
  await owner.em.fork().transactional(async (tx) => {
    await tx.execute(`select set_config('apex.ordinary_role', ?, true)`, [ordinary]);
    await tx.execute(RIGHTS);
  });
}
