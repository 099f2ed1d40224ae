import type { EntityManager } from '@mikro-orm/postgresql';
import { Account } from '../entities/account.js';
import { newId } from '../entities/columns.js';
import type { Database } from '../entities/database.js';
import { Installation } from '../entities/installation.js';
import type { Vault } from '../vault/vault.js';
import { createPersonalTeam } from './personal-team.js';

const FIRST_BOOT_LOCK = 4_927_015_639;

/**
 * The installation's row, made at the first boot together with the operator's account and its team; two servers that
 * boot at once make it once. Throws `WrongKeyError` when the vault's key is not the one it was made with.
 */
export async function ensureInstallation(orm: Database, vault: Vault): Promise<Installation> {
  const em = orm.em.fork();
  const installation = await em.transactional(async (tx) => {
    await tx.execute(`select pg_advisory_xact_lock(${FIRST_BOOT_LOCK})`);
    return (await tx.findOne(Installation, { only: true })) ?? (await firstBoot(tx, vault));
  });
  vault.assertKeyOf(installation.id, installation.keyCheck);
  return installation;
}

async function firstBoot(tx: EntityManager, vault: Vault): Promise<Installation> {
  const id = newId();
  const createdAt = new Date();
  const installation = tx.create(Installation, { id, only: true, keyCheck: vault.keyCheckOf(id), createdAt });
  const operator = tx.create(Account, { id: newId(), name: 'Operator', email: null, isOperator: true, createdAt, deletedAt: null });
  await tx.flush();
  await createPersonalTeam(tx, vault, id, operator.id);
  return installation;
}
