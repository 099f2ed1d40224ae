import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../node/json-file.js';
import { NodeLock, type LockPurpose } from '../node/node-lock.js';
import { CLUSTER_CHOICE } from './cluster/choice.js';
import { Problem } from './problem.js';

const KEY_BYTES = 32;
const MIB = 1024 ** 2;
const NEEDED_MIB = { fresh: 512, used: 64 };
const CREDENTIALS = z.object({ url: z.url(), token: z.string().min(1) });
const LAST_UP = z.object({ port: z.number().int(), cluster: CLUSTER_CHOICE });

export type LastUp = z.infer<typeof LAST_UP>;

/** The folder that holds one installation's state: keys, credentials, logs, process records, PostgreSQL's data. */
export class Home {
  readonly secretKeyFile: string;
  readonly credentialsFile: string;
  readonly serverLog: string;
  readonly nodeLog: string;

  constructor(readonly path: string) {
    this.secretKeyFile = join(path, 'secret.key');
    this.credentialsFile = join(path, 'credentials.json');
    this.serverLog = join(path, 'logs', 'server.log');
    this.nodeLog = join(path, 'logs', 'node.log');
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  /** Makes the folder and checks that there is room to work in. PostgreSQL's account walks through it, nobody else reads it. */
  make(): void {
    const needed = existsSync(join(this.path, 'postgres')) ? NEEDED_MIB.used : NEEDED_MIB.fresh;
    mkdirSync(this.path, { recursive: true, mode: 0o711 });
    const { bavail, bsize } = statfsSync(this.path);
    const free = Math.floor((bavail * bsize) / MIB);
    if (free < needed) throw new Problem(`${this.path} needs ${needed} MiB of free disk and ${free} MiB are free: free some space, or set APEX_HOME to a folder on another disk.`);
  }

  /** Makes the key that seals secrets at rest, once. */
  makeSecretKey(): void {
    if (existsSync(this.secretKeyFile)) return;
    writeFileSync(this.secretKeyFile, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  }

  /** What the last `up` used; null before the first. */
  get lastUp(): LastUp | null {
    return LAST_UP.safeParse(readJson(this.lastUpFile)).data ?? null;
  }

  set lastUp(used: LastUp) {
    writeJson(this.lastUpFile, used);
  }

  private get lastUpFile(): string {
    return join(this.path, 'last-up.json');
  }

  /** The address and the first account's token, which the server writes. */
  get credentials(): z.infer<typeof CREDENTIALS> | null {
    return CREDENTIALS.safeParse(readJson(this.credentialsFile)).data ?? null;
  }

  /** Runs `work` while no other command changes this home. */
  async exclusively<T>(purpose: LockPurpose, work: () => Promise<T>, onWait?: () => void): Promise<T> {
    const lock = await NodeLock.acquire(join(this.path, 'lock'), purpose, onWait ? { onWait } : {});
    try {
      return await work();
    } finally {
      lock.release();
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
