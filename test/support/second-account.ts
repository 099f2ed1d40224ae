import { issueToken } from '../../src/auth/issue-token.js';
import { createPersonalTeam } from '../../src/auth/personal-team.js';
import { TOKEN_SCOPES, type TokenScope } from '../../src/context.js';
import { Account } from '../../src/entities/account.js';
import { Vault } from '../../src/vault/vault.js';
import type { TestServer } from './test-server.js';

/** Another account of the server's installation: somebody else, with a personal team of its own. */
export async function addAccount(server: TestServer, name: string, scopes: readonly TokenScope[] = TOKEN_SCOPES): Promise<{ id: string; teamId: string; token: string }> {
  const { orm } = server.database;
  const [installation] = await orm.em.getConnection().execute<{ id: string }[]>('select id from installation');
  return orm.em.fork().transactional(async (tx) => {
    const account = Object.assign(new Account(), { name });
    await tx.persist(account).flush();
    const team = await createPersonalTeam(tx, new Vault(Buffer.from(server.secretKey, 'base64')), installation!.id, account.id);
    const { secret } = await issueToken(tx, { accountId: account.id, teamId: null, name: 'test', scopes, expiresAt: null });
    return { id: account.id, teamId: team.id, token: secret };
  });
}
