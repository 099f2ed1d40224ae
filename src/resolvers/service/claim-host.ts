import { randomInt } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../entities/columns.js';

const TRIES = 10;
const SUFFIX_LENGTH = 4;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Takes a host for the service: its name where that is free in the installation, else its name with a short suffix. */
export async function claimHost(tx: EntityManager, service: { id: string; name: string }, domain: string): Promise<string> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const name = `${attempt === 0 ? service.name : `${service.name}-${suffix()}`}.${domain}`;
    const made = await tx.execute<unknown[]>(
      'insert into host (id, name, service_id, created_at) values (?, ?, ?, now()) on conflict (name) do nothing returning id',
      [newId(), name, service.id],
    );
    if (made.length > 0) return name;
  }
  throw new Error('No host is free for a name, with all suffixes that were tried');
}

const suffix = (): string => Array.from({ length: SUFFIX_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
