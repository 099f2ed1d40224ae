import { durability } from './durability.js';

durability({ rows: 100_000, kills: 10, replacements: 20 });
