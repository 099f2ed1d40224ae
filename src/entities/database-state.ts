import { registerEnumType } from 'type-graphql';

export enum DatabaseType {
  POSTGRES = 'postgres',
  MYSQL = 'mysql',
  MARIADB = 'mariadb',
  REDIS = 'redis',
  MONGODB = 'mongodb',
}

export enum DatabaseSize {
  SMALL = 'small',
  MEDIUM = 'medium',
  LARGE = 'large',
  XLARGE = 'xlarge',
}

export enum DatabaseState {
  PROVISIONING = 'PROVISIONING',
  AVAILABLE = 'AVAILABLE',
  UPDATING = 'UPDATING',
  PAUSED = 'PAUSED',
  STORAGE_FULL = 'STORAGE_FULL',
  FAILED = 'FAILED',
  /** Kept for its grace, its name still taken. */
  DELETED = 'DELETED',
}
registerEnumType(DatabaseState, { name: 'DatabaseState' });

const S = DatabaseState;

/** Every legal move. */
export const DATABASE_MOVES: Readonly<Record<DatabaseState, readonly DatabaseState[]>> = {
  [S.PROVISIONING]: [S.AVAILABLE, S.FAILED, S.PAUSED, S.STORAGE_FULL, S.DELETED],
  [S.AVAILABLE]: [S.UPDATING, S.PAUSED, S.STORAGE_FULL, S.FAILED, S.DELETED],
  [S.UPDATING]: [S.AVAILABLE, S.PAUSED, S.STORAGE_FULL, S.FAILED, S.DELETED],
  [S.PAUSED]: [S.UPDATING, S.AVAILABLE, S.FAILED, S.DELETED],
  [S.STORAGE_FULL]: [S.UPDATING, S.AVAILABLE, S.PAUSED, S.FAILED, S.DELETED],
  [S.FAILED]: [S.UPDATING, S.AVAILABLE, S.PAUSED, S.STORAGE_FULL, S.DELETED],
  // Within its grace it comes back as it was.
  [S.DELETED]: [S.UPDATING],
};

/** Throws when `to` cannot follow `from`: an illegal move is a fault of ours and never ignored. */
export function assertDatabaseMove(from: DatabaseState, to: DatabaseState): void {
  if (from !== to && !DATABASE_MOVES[from].includes(to)) throw new Error(`A database cannot go from ${from} to ${to}`);
}
