import { z } from 'zod';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_NAME = 256;
const MAX_VALUE_BYTES = 64 * 1024;
const MAX_COUNT = 500;
/** A Secret of Kubernetes holds 1 MiB. */
const MAX_TOTAL_BYTES = 512 * 1024;

/** An object of POSIX names and string values; `null` takes a variable away, where that is allowed. No message quotes a value. */
const variables = (nullable: boolean) =>
  z.unknown().superRefine((given, context) => {
    const fault = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path });
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return fault('must be an object of names and string values');
    const entries = Object.entries(given);
    if (entries.length > MAX_COUNT) return fault(`must hold at most ${MAX_COUNT} variables`);
    let total = 0;
    for (const [name, value] of entries) {
      const shown = name.slice(0, MAX_NAME);
      if (!NAME.test(name)) fault('is not a valid name: letters, digits and underscores, and no digit first', shown);
      else if (name.length > MAX_NAME) fault(`has a name of more than ${MAX_NAME} characters`, shown);
      if (value === null && nullable) continue;
      if (typeof value !== 'string') {
        fault(nullable ? 'must be a string, or null to take it away' : 'must be a string', shown);
        continue;
      }
      const bytes = Buffer.byteLength(value);
      total += bytes + name.length;
      if (bytes > MAX_VALUE_BYTES) fault(`must be at most ${MAX_VALUE_BYTES / 1024} KiB`, shown);
      if (value.includes('\0')) fault('must not hold a NUL character', shown);
    }
    if (total > MAX_TOTAL_BYTES) fault(`must hold at most ${MAX_TOTAL_BYTES / 1024} KiB in all`);
  });

export const VARIABLES = variables(false);
export const VARIABLE_CHANGES = variables(true);
