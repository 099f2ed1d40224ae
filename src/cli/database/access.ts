import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../../node/json-file.js';
import { Problem } from '../problem.js';

const ACCESS = z.object({
  port: z.number().int(),
  /** Owns the database that the server uses. */
  password: z.string().min(1),
  /** The superuser's. */
  adminPassword: z.string().min(1),
});

export type Access = z.infer<typeof ACCESS>;
export const OWNER = 'apex';
export const ADMIN = 'postgres';
export const DATABASE = 'apex';

const fileOf = (home: string) => join(home, 'database.json');

/** How the embedded PostgreSQL of a home is reached; null before its first start. */
export function readAccess(home: string): Access | null {
  if (!existsSync(fileOf(home))) return null;
  const access = ACCESS.safeParse(readJson(fileOf(home)));
  if (access.success) return access.data;
  throw new Problem(`${fileOf(home)} holds the database's passwords and cannot be read as such: restore it, or give the data up with "./apex down --purge".`);
}

export function keepAccess(home: string, access: Access): void {
  writeJson(fileOf(home), access);
}

export function newAccess(port: number): Access {
  return { port, password: newPassword(), adminPassword: newPassword() };
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** The server's address of the database. */
export function ownerUrl({ port, password }: Access): string {
  return `postgresql://${OWNER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/** The superuser's address; may create databases. */
export function adminUrl({ port, adminPassword }: Access): string {
  return `postgresql://${ADMIN}:${adminPassword}@127.0.0.1:${port}/postgres`;
}
