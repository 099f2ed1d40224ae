import pg from 'pg';

const DEADLINE_MS = 10_000;
const UNDEFINED_TABLE = '42P01';

/** The id that this installation's objects carry in a cluster; null before the server's first boot. */
export async function readInstallationId(databaseUrl: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: DEADLINE_MS, query_timeout: DEADLINE_MS });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>('select id from installation');
    return rows[0]?.id ?? null;
  } catch (error) {
    if ((error as pg.DatabaseError).code === UNDEFINED_TABLE) return null;
    throw error;
  } finally {
    await client.end();
  }
}
