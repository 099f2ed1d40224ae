import { registerEnumType } from 'type-graphql';

/** Why a backup was made. */
export enum BackupTrigger {
  API = 'API',
  SCHEDULE = 'SCHEDULE',
  /** Before its database is deleted. */
  FINAL = 'FINAL',
}
registerEnumType(BackupTrigger, { name: 'BackupTrigger' });
