import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse } from 'graphql';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const web = import.meta.dirname;
const OUTPUT = join(web, 'generated', 'operations.ts');
const HEADING = '// Made of web/operations and schema.graphql by "npm run codegen".\n';

/** The operations of the dashboard with the types of what they take and answer. Throws where the schema does not offer one. */
async function generateOperations(): Promise<string> {
  const folder = join(web, 'operations');
  const schema = readFileSync(join(web, '..', 'schema.graphql'), 'utf8');
  const generated = await codegen({
    schema: parse(schema),
    schemaAst: buildSchema(schema),
    documents: readdirSync(folder).sort().map((name) => ({ location: name, document: parse(readFileSync(join(folder, name), 'utf8'), { noLocation: true }) })),
    filename: OUTPUT,
    config: {
      documentMode: 'documentNode', enumType: 'string-literal', useTypeImports: true, dedupeFragments: true, skipTypename: true, optimizeDocumentNode: true,
      scalars: { ID: 'string', DateTimeISO: 'string', Variables: 'Record<string, string | null>', LogFields: 'Record<string, unknown>', Bytes: 'never' },
    },
    plugins: [{ operations: {} }, { documents: {} }],
    pluginMap: { operations: plugin(typescriptOperations), documents: plugin(typedDocumentNode) },
  });
  return `${HEADING}${generated}`;
}

/** A CommonJS module, as Node or a test runner hands it over. */
function plugin<T extends object>(module: T): T {
  return 'plugin' in module ? module : (module as { default: T }).default;
}

mkdirSync(dirname(OUTPUT), { recursive: true });
writeFileSync(OUTPUT, await generateOperations());
