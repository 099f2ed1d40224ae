import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { TOKEN_SCOPES } from '../context.js';
import { Account } from '../entities/account.js';
import type { Database } from '../entities/database.js';
import { createAuthenticator } from './authenticate.js';
import { issueToken } from './issue-token.js';

interface Credentials {
  url: string;
  token: string;
}

/**
 * Sees to it that `credentials.json` in `home` holds the address in use and a token of the operator that works.
 * A new token is issued only where the file is missing or its token is refused.
 */
export async function ensureCredentials(orm: Database, { home, url }: { home: string; url: string }): Promise<void> {
  const file = join(home, 'credentials.json');
  const kept = await read(file);
  const token = kept && (await works(orm, kept.token)) ? kept.token : await newToken(orm);
  if (kept?.url === url && kept.token === token) return;
  await mkdir(home, { recursive: true, mode: 0o700 });
  await replace(file, `${JSON.stringify({ url, token }, null, 2)}\n`);
}

async function read(file: string): Promise<Credentials | null> {
  try {
    const { url, token } = JSON.parse(await readFile(file, 'utf8')) as Partial<Credentials>;
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : null;
  } catch {
    return null;
  }
}

async function works(orm: Database, token: string): Promise<boolean> {
  return createAuthenticator(orm)(`Bearer ${token}`).then(
    () => true,
    (error) => {
      if (error?.code === 'UNAUTHENTICATED') return false;
      throw error;
    },
  );
}

async function newToken(orm: Database): Promise<string> {
  const { secret } = await orm.em.fork().transactional(async (tx) => {
    const operator = await tx.findOneOrFail(Account, { isOperator: true, deletedAt: null }, { orderBy: { createdAt: 'asc' } });
    return issueToken(tx, { accountId: operator.id, teamId: null, name: 'credentials.json', scopes: TOKEN_SCOPES, expiresAt: null });
  });
  return secret;
}

/** Readers see the old file or the new one, whole; nobody else sees either. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
