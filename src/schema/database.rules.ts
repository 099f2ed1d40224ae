import { z } from 'zod';
import { DatabaseSize, DatabaseType } from '../entities/database-state.js';
import { quantityOf } from './quantity.js';

/** The rules of a database's fields. No message quotes a value. */

const oneOf = <T extends Record<string, string>>(values: T) => z.enum(values, `must be one of ${Object.values(values).join(', ')}`);

export const DATABASE_TYPE = oneOf(DatabaseType);
export const DATABASE_SIZE = oneOf(DatabaseSize);
export const VERSION = z.string().max(32, 'must be at most 32 characters');

const GI = 1024 ** 3;
export const STORAGE = z.string().refine((text) => {
  const value = quantityOf(text);
  return value !== null && value >= 0.25 * GI && value <= 16 * 1024 * GI;
}, 'must be a Kubernetes quantity from 256Mi to 16Ti, such as 20Gi');

/** As a variable of a container is called. */
export const VARIABLE_NAME = z.string().max(256, 'must be at most 256 characters').regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of letters, digits and underscores, and no digit first');
