import { Backup } from '../entities/backup.js';
import { connectionOf } from './connection.js';

export const BackupConnection = connectionOf(Backup, 'Backup');
