import pg from 'pg';
import { adminUrl, DATABASE, OWNER, type Access } from './access.js';

const CONNECT_MS = 5000;
const STATEMENT_MS = 60_000;

/** Makes the server's role and database where they are missing. Its role owns that database and nothing else. */
export async function prepareDatabase(access: Access): Promise<void> {
  const client = await connect(access);
  try {
    const role = await client.query('select 1 from pg_roles where rolname = $1', [OWNER]);
    const password = client.escapeLiteral(access.password);
    if (!role.rowCount) await client.query(`create role ${OWNER} login password ${password}`);
    const database = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (!database.rowCount) await client.query(`create database ${DATABASE} owner ${OWNER}`);
  } finally {
    await client.end();
  }
}

/** A connection of the superuser. */
export async function connect(access: Access): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: adminUrl(access), connectionTimeoutMillis: CONNECT_MS, query_timeout: STATEMENT_MS });
  client.on('error', () => undefined); // told by the query that it breaks
  await client.connect();
  return client;
}
