import { registerEnumType } from 'type-graphql';

/** Why a backup was made. */
export enum BackupTrigger {
  API = 'API',
  SCHEDULE = 'SCHEDULE',
}
registerEnumType(BackupTrigger, { name: 'BackupTrigger' });
