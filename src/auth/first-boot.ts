import type { EntityManager } from '@mikro-orm/postgresql';
import { Account } from '../entities/account.js';
import { newId } from '../entities/columns.js';
import type { Database } from '../entities/database.js';
import { Installation } from '../entities/installation.js';
import { createPersonalTeam, type TeamKeys } from './personal-team.js';

/** Knows the installation's key; the vault does. */
export interface InstallationKeys extends TeamKeys {
  keyCheckOf(installationId: string): string;
  /** Throws when `keyCheck` was made with another key. */
  assertKeyOf(installationId: string, keyCheck: string): void;
}

const FIRST_BOOT_LOCK = 4_927_015_639;

/**
 * The installation's row, made at the first boot together with the operator's account and its team; two servers that
 * boot at once make it once. Throws when the key is not the one that it was made with.
 */
export async function ensureInstallation(orm: Database, keys: InstallationKeys): Promise<Installation> {
  const em = orm.em.fork();
  const installation = await em.transactional(async (tx) => {
    await tx.execute(`select pg_advisory_xact_lock(${FIRST_BOOT_LOCK})`);
    return (await tx.findOne(Installation, { only: true })) ?? (await firstBoot(tx, keys));
  });
  keys.assertKeyOf(installation.id, installation.keyCheck);
  return installation;
}

async function firstBoot(tx: EntityManager, keys: InstallationKeys): Promise<Installation> {
  const id = newId();
  const createdAt = new Date();
  const installation = tx.create(Installation, { id, only: true, keyCheck: keys.keyCheckOf(id), createdAt });
  const operator = tx.create(Account, { id: newId(), name: 'Operator', email: null, isOperator: true, passwordHash: null, emailVerifiedAt: null, createdAt, deletedAt: null });
  await tx.flush();
  await createPersonalTeam(tx, keys, id, operator.id);
  return installation;
}
