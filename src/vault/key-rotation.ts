import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../entities/database.js';
import { SEALED_COLUMNS, type SealedColumn } from './sealed-columns.js';
import type { Vault } from './vault.js';

const TEAMS_AT_ONCE = 50;
const ROWS_AT_ONCE = 200;
const PATIENCE_MS = 200;
const LOCK_NOT_AVAILABLE = '55P03';

/** How far a rotation is. */
export interface RotationStep {
  /** Data keys that this step made (or could not yet: they are in use) or sealed anew. */
  keys: number;
  /** Values that were sealed anew by this step. */
  values: number;
  /** Nothing is left to do: the key before this one is needed no more. */
  done: boolean;
}

/**
 * One bounded step of a rotation; called until it is done, by anybody, again after any interruption. Everything that was
 * sealed before `since` is sealed anew: each team gets a new data key, its values follow, and every data key is sealed with
 * the installation's present key. Values are read and written meanwhile.
 */
export async function rotateStep(orm: Database, vault: Vault, since: Date): Promise<RotationStep> {
  const em = orm.em.fork();
  const made = await replaceDataKeys(em, vault, since);
  const rewrapped = await rewrapDataKeys(em, vault);
  const values = await resealValues(em, vault);
  const keys = made + rewrapped;
  if (keys + values > 0) return { keys, values, done: false };
  await vault.adoptInstallation(em);
  return { keys, values, done: true };
}

/**
 * A writer holds its team's key until its transaction ends, and this waits for it: nothing is sealed with a retired key
 * afterwards. It waits a moment only, and comes again: a writer may itself wait for another that would queue behind this.
 */
async function replaceDataKeys(em: EntityManager, vault: Vault, since: Date): Promise<number> {
  const teams = await em.execute<{ team_id: string }[]>(
    `select team_id from team_key where retired_at is null group by team_id having max(created_at) < ? order by team_id limit ${TEAMS_AT_ONCE}`,
    [since],
  );
  for (const { team_id } of teams) {
    const retire = em.fork().transactional(async (tx) => {
      await tx.execute(`set local lock_timeout = '${PATIENCE_MS}ms'`);
      await tx.execute('update team_key set retired_at = now() where team_id = ? and retired_at is null', [team_id]);
      await vault.createTeamKey(tx, team_id);
    });
    await retire.catch((error: unknown) => {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
    });
  }
  return teams.length;
}

async function rewrapDataKeys(em: EntityManager, vault: Vault): Promise<number> {
  const rows = await em.execute<{ id: string; team_id: string; sealed_key: string }[]>(
    `select id, team_id, sealed_key from team_key where master_key_id <> ? order by id limit ${ROWS_AT_ONCE}`,
    [vault.keyId],
  );
  for (const { id, team_id, sealed_key } of rows) {
    await em.execute('update team_key set sealed_key = ?, master_key_id = ? where id = ? and sealed_key = ?', [vault.rewrap(team_id, id, sealed_key), vault.keyId, id, sealed_key], 'run');
  }
  return rows.length;
}

async function resealValues(em: EntityManager, vault: Vault): Promise<number> {
  let values = 0;
  for (const column of SEALED_COLUMNS) values += await resealColumn(em, vault, column);
  return values;
}

async function resealColumn(em: EntityManager, vault: Vault, { table, column, team }: SealedColumn): Promise<number> {
  const rows = await em.execute<SealedRow[]>(
    `select "${table}".id, ${team} as team_id, "${table}"."${column}" as sealed from "${table}"
     where split_part("${table}"."${column}", '.', 2) in (select id::text from team_key where retired_at is not null) limit ${ROWS_AT_ONCE}`,
  );
  for (const [teamId, own] of Map.groupBy(rows, ({ team_id }) => team_id)) await em.fork().transactional((tx) => resealRows(tx, vault, { table, column }, teamId, own));
  return rows.length;
}

interface SealedRow {
  id: string;
  team_id: string;
  sealed: string;
}

/**
 * What was changed in between is left alone: its writer sealed it with the new key. Once it holds a row, this waits for
 * nobody, so it can stand in no circle of those who wait: a row that somebody holds is left to the next step.
 */
async function resealRows(tx: EntityManager, vault: Vault, { table, column }: Pick<SealedColumn, 'table' | 'column'>, teamId: string, rows: readonly SealedRow[]): Promise<void> {
  const anew = await vault.sealAnew(tx, teamId, rows);
  await tx.execute(
    `with anew as (select * from jsonb_to_recordset(?::jsonb) as row (id uuid, was text, sealed text)),
       held as (select "${table}".id from "${table}" join anew on anew.id = "${table}".id and anew.was = "${table}"."${column}" for no key update of "${table}" skip locked)
     update "${table}" set "${column}" = anew.sealed from anew join held on held.id = anew.id where "${table}".id = anew.id and "${table}"."${column}" = anew.was`,
    [JSON.stringify(rows.map(({ id, sealed }, n) => ({ id, was: sealed, sealed: anew[n] })))],
    'run',
  );
}
