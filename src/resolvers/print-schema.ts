import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printSchema } from 'graphql';
import { buildApexSchema, type SchemaParts } from './build-schema.js';

/** The schema as text, as `schema.graphql` has it. It needs no part of a server: nothing is resolved. */
export const printedSchema = (): string => `${printSchema(buildApexSchema({ config: {} } as SchemaParts))}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(import.meta.dirname, '..', '..', 'schema.graphql'), printedSchema());
}
