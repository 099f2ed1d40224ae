import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere, writePrivately } from '../private-file.js';
import { isAlive } from './identity.js';

const RECORD = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  command: z.string(),
  since: z.string(),
  port: z.number().int().optional(),
  /** What the process was started from: another one of these means that it must be restarted. */
  fingerprint: z.string().optional(),
});
const RECORDS = z.object({ postgres: RECORD.optional(), server: RECORD.optional() });

export type ProcessRecord = z.infer<typeof RECORD>;
export type Role = keyof z.infer<typeof RECORDS>;

/** The processes that were started for one home, in its `processes.json`. Only these are ever stopped. */
export class ProcessRecords {
  private readonly path: string;

  constructor(home: string) {
    this.path = join(home, 'processes.json');
  }

  /** The record of a role, dead or alive. */
  find(role: Role): ProcessRecord | null {
    return this.read()[role] ?? null;
  }

  /** The record of a role, if exactly that process still runs. */
  alive(role: Role): ProcessRecord | null {
    const record = this.find(role);
    return record && isAlive(record) ? record : null;
  }

  keep(role: Role, record: ProcessRecord): void {
    this.write({ ...this.read(), [role]: record });
  }

  forget(role: Role): void {
    const { [role]: gone, ...rest } = this.read();
    if (gone) this.write(rest);
  }

  private read(): z.infer<typeof RECORDS> {
    const text = readIfThere(this.path);
    if (text === null) return {};
    try {
      return RECORDS.parse(JSON.parse(text));
    } catch {
      return {}; // written by hand or cut by a full disk: what runs is found again by other means
    }
  }

  private write(records: z.infer<typeof RECORDS>): void {
    writePrivately(this.path, `${JSON.stringify(records, null, 2)}\n`);
  }
}
