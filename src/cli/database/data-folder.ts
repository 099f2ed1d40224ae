import { randomUUID } from 'node:crypto';
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canReach, type Account } from '../host/account.js';

const SYSTEM_FOLDER = '/var/lib/apex/homes';

/**
 * The folder that belongs to PostgreSQL's account and holds its data, `postgres` in the home. Where that account may
 * not walk down to the home (one under /root, say), a link stands there and the folder is under /var/lib/apex.
 */
export function makeDataFolder(home: string, account: Account | null): string {
  const place = join(home, 'postgres');
  const folder = linkedFrom(place) ?? (existsSync(place) || !account || canReach(account, home) ? place : linkElsewhere(place));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (account) chownSync(folder, account.uid, account.gid);
  return folder;
}

/** The same folder, if it was made; nothing is made. */
export function findDataFolder(home: string): string | null {
  const place = join(home, 'postgres');
  const folder = linkedFrom(place) ?? place;
  return existsSync(folder) ? folder : null;
}

/** The major version that wrote the data; null where there is none. */
export function dataVersion(folder: string): string | null {
  const file = join(folder, 'data', 'PG_VERSION');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

/** Removes the data for good. */
export function removeDataFolder(home: string): void {
  const place = join(home, 'postgres');
  const elsewhere = linkedFrom(place);
  if (elsewhere?.startsWith(`${SYSTEM_FOLDER}/`)) rmSync(dirname(elsewhere), { recursive: true, force: true });
  rmSync(place, { recursive: true, force: true });
}

function linkedFrom(place: string): string | null {
  return lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(place) : null;
}

// A fresh name each time: data left by a home that was deleted by hand must never turn up in a new one.
function linkElsewhere(place: string): string {
  const folder = join(SYSTEM_FOLDER, randomUUID(), 'postgres');
  mkdirSync(dirname(folder), { recursive: true, mode: 0o711 });
  symlinkSync(folder, place);
  return folder;
}
