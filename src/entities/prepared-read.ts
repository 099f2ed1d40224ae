import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';

interface Statement {
  name: string;
  text: string;
}

/** A statement whose result has changed its columns under a server that runs on: a newer server has migrated. */
const RESULT_CHANGED = '0A000';

/**
 * Rows of a statement that every list or request needs: parsed and planned once for each connection, because planning a
 * join of seven tables costs more than running it. The text is one of few: what varies is in `params`.
 */
export async function readPrepared<Row extends object>(em: EntityManager, sql: string, params: readonly unknown[]): Promise<Row[]> {
  if (em.isInTransaction()) return em.execute<Row[]>(sql, [...params]);
  const pool = (await em.getConnection().getNativeClient()) as Pool;
  try {
    return (await pool.query<Row>({ ...statementOf(sql), values: [...params] })).rows;
  } catch (error) {
    if ((error as { code?: string }).code === RESULT_CHANGED) return em.execute<Row[]>(sql, [...params]);
    throw error;
  }
}

function statementOf(sql: string): Statement {
  let number = 0;
  const text = sql.replaceAll('?', () => `$${++number}`);
  return { name: createHash('sha256').update(text).digest('base64url').slice(0, 20), text };
}
