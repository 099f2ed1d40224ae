import { registerEnumType } from 'type-graphql';

/** Of a backup and of a restore. */
export enum BackupState {
  RUNNING = 'RUNNING',
  DONE = 'DONE',
  FAILED = 'FAILED',
}
registerEnumType(BackupState, { name: 'BackupState' });
