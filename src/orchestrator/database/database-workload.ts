import { createHash } from 'node:crypto';
import { DATABASE_ENGINES, type Engine } from '../../entities/database-catalogue.js';
import type { Environment } from '../../entities/environment.js';
import type { ManagedDatabase } from '../../entities/managed-database.js';
import { environmentLabels } from '../environment/environment-manifests.js';
import { LABELS } from '../kubernetes/labels.js';

export const CONTAINER = 'database';
export const VOLUME = 'data';

/** Everything that a database's objects are made of. Equal workloads give equal objects. */
export interface DatabaseWorkload {
  installationId: string;
  environment: Pick<Environment, 'id' | 'teamId' | 'namespace'>;
  database: Pick<ManagedDatabase, 'id' | 'name' | 'type' | 'version' | 'resources' | 'storage'>;
  /** What the engine accepts now. */
  password: string;
  /** Nothing runs: it is paused, or its volume is being made larger. */
  stopped: boolean;
}

export const engineOf = ({ database }: { database: Pick<ManagedDatabase, 'type'> }): Engine => DATABASE_ENGINES[database.type];

/** A name that no service can take by chance: the database's own with a piece of its id's hash. */
export const innerName = ({ id, name }: Pick<ManagedDatabase, 'id' | 'name'>): string => `${name}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;

export const databaseLabels = (workload: Pick<DatabaseWorkload, 'installationId' | 'environment' | 'database'>): Record<string, string> => ({
  ...environmentLabels(workload),
  [LABELS.database]: workload.database.id,
  [LABELS.name]: workload.database.name,
});

export const podSelector = ({ database }: Pick<DatabaseWorkload, 'database'>): Record<string, string> => ({ [LABELS.database]: database.id });
