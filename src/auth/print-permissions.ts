import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { permissionTable } from './permission-table.js';

/** Writes the table into docs/access.md, between its two marks. */
const page = join(import.meta.dirname, '..', '..', 'docs', 'access.md');
const [head, rest] = readFileSync(page, 'utf8').split('<!-- permissions -->') as [string, string];
writeFileSync(page, `${head}<!-- permissions -->\n${permissionTable()}\n<!-- end -->${rest.split('<!-- end -->')[1]}`);
