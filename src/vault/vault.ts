import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../entities/columns.js';
import { TeamKey } from '../entities/team-key.js';
import { fingerprint, keyIdOf, openWith, sealWith } from './sealed-box.js';

const KEY_BYTES = 32;
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
        'Start with the key that the installation was first started with.',
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
  private readonly newestOfTeam = new Map<string, DataKey>();

  constructor(private readonly masterKey: Buffer) {
    this.keyId = fingerprint(masterKey);
  }

  /** Makes a team's first data key; part of making the team, in the same transaction. */
  async createTeamKey(em: EntityManager, teamId: string): Promise<void> {
    const id = newId();
    const sealedKey = sealWith(this.masterKey, this.keyId, bindingOfKey(teamId, id), randomBytes(KEY_BYTES));
    await em.insert(TeamKey, { id, teamId, masterKeyId: this.keyId, sealedKey, createdAt: new Date() });
  }

  async seal(em: EntityManager, teamId: string, rowId: string, plaintext: string): Promise<string> {
    const { id, key } = await this.newestKey(em, teamId);
    return sealWith(key, id, bindingOfRow(teamId, rowId), Buffer.from(plaintext));
  }

  async open(em: EntityManager, teamId: string, rowId: string, sealed: string): Promise<string> {
    const { key } = await this.dataKey(em, teamId, keyIdOf(sealed));
    return openWith(key, bindingOfRow(teamId, rowId), sealed).toString();
  }

  /** Seals what belongs to no team, bound to its row. */
  sealOwn(rowId: string, plaintext: string): string {
    return sealWith(this.masterKey, this.keyId, bindingOfOwn(rowId), Buffer.from(plaintext));
  }

  openOwn(rowId: string, sealed: string): string {
    return openWith(this.masterKey, bindingOfOwn(rowId), sealed).toString();
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
      if (openWith(this.masterKey, installationId, keyCheck).toString() === KEY_CHECK) return;
    } catch {
      // told below
    }
    throw new WrongKeyError(this.keyId, keyIdOf(keyCheck));
  }

  private async newestKey(em: EntityManager, teamId: string): Promise<DataKey> {
    const known = this.newestOfTeam.get(teamId);
    if (known) return known;
    const row = await em.findOne(TeamKey, { teamId }, { orderBy: { createdAt: 'desc', id: 'desc' }, disableIdentityMap: true });
    if (!row) throw new Error(`Team ${teamId} has no data key`);
    const opened = this.unseal(row);
    this.newestOfTeam.set(teamId, opened);
    return opened;
  }

  private async dataKey(em: EntityManager, teamId: string, id: string): Promise<DataKey> {
    const known = this.dataKeys.get(id);
    if (known) return known;
    const row = await em.findOne(TeamKey, { id, teamId }, { disableIdentityMap: true });
    if (!row) throw new Error(`Team ${teamId} has no data key ${id}`);
    return this.unseal(row);
  }

  private unseal(row: TeamKey): DataKey {
    if (row.masterKeyId !== this.keyId) throw new WrongKeyError(this.keyId, row.masterKeyId);
    const opened = { id: row.id, key: openWith(this.masterKey, bindingOfKey(row.teamId, row.id), row.sealedKey) };
    this.dataKeys.set(row.id, opened);
    return opened;
  }
}

const bindingOfRow = (teamId: string, rowId: string): string => `team ${teamId} row ${rowId}`;
const bindingOfKey = (teamId: string, keyId: string): string => `team ${teamId} data key ${keyId}`;
const bindingOfOwn = (rowId: string): string => `installation row ${rowId}`;
