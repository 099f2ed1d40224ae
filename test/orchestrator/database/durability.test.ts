import { durability } from './durability.js';

durability({ rows: 3_000, kills: 2, replacements: 2 });
