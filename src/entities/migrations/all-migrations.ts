import { Initial } from './001-initial.js';
import { Access } from './003-access.js';
import { Databases } from './005-databases.js';

/** Every migration, oldest first. One that has run anywhere is never changed again. */
export const MIGRATIONS = [
  { name: '001-initial', class: Initial },
  { name: '003-access', class: Access },
  { name: '005-databases', class: Databases },
];
