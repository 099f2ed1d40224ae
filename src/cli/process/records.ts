import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../../node/json-file.js';
import { isAlive } from '../../node/process-identity.js';

const RECORD = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  command: z.string(),
  since: z.string(),
  port: z.number().int().optional(),
  /** Where the server answers. */
  url: z.string().optional(),
  /** What the process was started from: when that differs it must be restarted. */
  fingerprint: z.string().optional(),
  /** The cluster that it was started with. */
  cluster: z.enum(['none', 'kubeconfig', 'in-cluster', 'embedded']).optional(),
});
const RECORDS = z.object({
  postgres: RECORD.optional(),
  server: RECORD.optional(),
  /** The bring-up of the embedded node, which outlives a command that was interrupted. */
  bringUp: RECORD.optional(),
});

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
    writeJson(this.path, { ...this.read(), [role]: record });
  }

  forget(role: Role): void {
    const { [role]: gone, ...rest } = this.read();
    if (gone) writeJson(this.path, rest);
  }

  // A file that is missing or damaged is no record of anything.
  private read(): z.infer<typeof RECORDS> {
    return RECORDS.safeParse(readJson(this.path)).data ?? {};
  }
}
