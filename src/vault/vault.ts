import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../entities/columns.js';
import { TeamKey } from '../entities/team-key.js';
import { fingerprint, keyIdOf, openWith, sealWith } from './sealed-box.js';

const KEY_BYTES = 32;
/** A key may retire between two looks, and hardly more often. */
const MAX_TRIES = 3;
const KEY_CHECK = 'the key of this installation';

interface DataKey {
  id: string;
  key: Buffer;
}

/** The installation's key is not the one that its secrets were sealed with. */
export class WrongKeyError extends Error {
  constructor(given: string, wanted: string) {
    super(
      `APEX_SECRET_KEY is not the key of this installation: its secrets were sealed with key ${wanted}, and this is key ${given}. ` +
        'Start with that key or, to change it, with the new one and that one as APEX_SECRET_KEY_PREVIOUS.',
    );
    this.name = 'WrongKeyError';
  }
}

/**
 * Seals secrets at rest. Each team has data keys of its own, sealed with the installation's key; a secret is bound to
 * its data key, its team and its row. Opened data keys are kept in memory.
 */
export class Vault {
  /** Names the installation's key and says nothing of it. */
  readonly keyId: string;
  private readonly dataKeys = new Map<string, DataKey>();
  private readonly masterKeys: ReadonlyMap<string, Buffer>;

  /** The key before this one opens what it sealed; it seals nothing. */
  constructor(
    private readonly masterKey: Buffer,
    previousKey: Buffer | null = null,
  ) {
    this.keyId = fingerprint(masterKey);
    this.masterKeys = new Map([...(previousKey ? [previousKey] : []), masterKey].map((key) => [fingerprint(key), key]));
  }

  /** Makes a team's first data key; part of making the team, in the same transaction. */
  async createTeamKey(em: EntityManager, teamId: string): Promise<void> {
    const id = newId();
    const sealedKey = sealWith(this.masterKey, this.keyId, bindingOfKey(teamId, id), randomBytes(KEY_BYTES));
    await em.insert(TeamKey, { id, teamId, masterKeyId: this.keyId, sealedKey, createdAt: new Date(), retiredAt: null });
  }

  async seal(em: EntityManager, teamId: string, rowId: string, plaintext: string): Promise<string> {
    const { id, key } = await this.newestKey(em, teamId);
    return sealWith(key, id, bindingOfRow(teamId, rowId), Buffer.from(plaintext));
  }

  async open(em: EntityManager, teamId: string, rowId: string, sealed: string): Promise<string> {
    const { key } = await this.dataKey(em, teamId, keyIdOf(sealed));
    return openWith(key, bindingOfRow(teamId, rowId), sealed).toString();
  }

  /** Values of one team's rows, each as the team's newest key seals it. */
  async sealAnew(em: EntityManager, teamId: string, rows: readonly { id: string; sealed: string }[]): Promise<string[]> {
    const { id: keyId, key } = await this.newestKey(em, teamId);
    const anew: string[] = [];
    for (const { id, sealed } of rows) anew.push(sealWith(key, keyId, bindingOfRow(teamId, id), Buffer.from(await this.open(em, teamId, id, sealed))));
    return anew;
  }

  /** Seals what belongs to no team, bound to its row. */
  sealOwn(rowId: string, plaintext: string): string {
    return sealWith(this.masterKey, this.keyId, bindingOfOwn(rowId), Buffer.from(plaintext));
  }

  openOwn(rowId: string, sealed: string): string {
    return openWith(this.masterKeys.get(keyIdOf(sealed)) ?? this.masterKey, bindingOfOwn(rowId), sealed).toString();
  }

  /** Tells whether two texts are the same, to nobody who lacks the installation's key. */
  mac(purpose: string, text: string): string {
    return createHmac('sha256', Buffer.from(hkdfSync('sha256', this.masterKey, '', `apex ${purpose}`, KEY_BYTES))).update(text).digest('base64url');
  }

  /** What `assertKeyOf` tells the right key by. */
  keyCheckOf(installationId: string): string {
    return sealWith(this.masterKey, this.keyId, installationId, Buffer.from(KEY_CHECK));
  }

  /** Throws `WrongKeyError` unless `keyCheck` was made with this key, for this installation. */
  assertKeyOf(installationId: string, keyCheck: string): void {
    try {
      if (openWith(this.masterKeys.get(keyIdOf(keyCheck)) ?? this.masterKey, installationId, keyCheck).toString() === KEY_CHECK) return;
    } catch {
      // told below
    }
    throw new WrongKeyError(this.keyId, keyIdOf(keyCheck));
  }

  /** A data key as the present key of the installation seals it. */
  rewrap(teamId: string, id: string, sealedKey: string): string {
    const key = openWith(this.masterOf(keyIdOf(sealedKey)), bindingOfKey(teamId, id), sealedKey);
    return sealWith(this.masterKey, this.keyId, bindingOfKey(teamId, id), key);
  }

  /** Makes the present key the one that the installation boots with, and forgets what only the one before it opens and nobody needs. */
  async adoptInstallation(em: EntityManager): Promise<void> {
    const [installation] = await em.execute<{ id: string; key_check: string }[]>('select id, key_check from installation');
    if (!installation || keyIdOf(installation.key_check) === this.keyId) return;
    await em.execute('update installation set key_check = ?', [this.keyCheckOf(installation.id)], 'run');
    await em.execute(`delete from idempotent_call where split_part(sealed_answer, '.', 2) <> ?`, [this.keyId], 'run');
  }

  /**
   * The key that seals for the team now. It is held until the caller's transaction ends, so that it does not retire before
   * what it sealed can be seen.
   */
  private async newestKey(em: EntityManager, teamId: string): Promise<DataKey> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const [row] = await em.execute<{ id: string; master_key_id: string; sealed_key: string }[]>(
        'select id, master_key_id, sealed_key from team_key where team_id = ? and retired_at is null order by created_at desc, id desc limit 1 for share',
        [teamId],
      );
      // None where it retired while we waited for it: then there is a new one.
      if (row) return this.dataKeys.get(row.id) ?? this.unseal({ id: row.id, teamId, masterKeyId: row.master_key_id, sealedKey: row.sealed_key });
    }
    throw new Error(`Team ${teamId} has no data key`);
  }

  private async dataKey(em: EntityManager, teamId: string, id: string): Promise<DataKey> {
    const known = this.dataKeys.get(id);
    if (known) return known;
    const row = await em.findOne(TeamKey, { id, teamId }, { disableIdentityMap: true });
    if (!row) throw new Error(`Team ${teamId} has no data key ${id}`);
    return this.unseal(row);
  }

  private masterOf(keyId: string): Buffer {
    const key = this.masterKeys.get(keyId);
    if (!key) throw new WrongKeyError(this.keyId, keyId);
    return key;
  }

  private unseal(row: Pick<TeamKey, 'id' | 'teamId' | 'masterKeyId' | 'sealedKey'>): DataKey {
    const opened = { id: row.id, key: openWith(this.masterOf(row.masterKeyId), bindingOfKey(row.teamId, row.id), row.sealedKey) };
    this.dataKeys.set(row.id, opened);
    return opened;
  }
}

const bindingOfRow = (teamId: string, rowId: string): string => `team ${teamId} row ${rowId}`;
const bindingOfKey = (teamId: string, keyId: string): string => `team ${teamId} data key ${keyId}`;
const bindingOfOwn = (rowId: string): string => `installation row ${rowId}`;
