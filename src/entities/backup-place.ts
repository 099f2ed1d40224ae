import { registerEnumType } from 'type-graphql';

/** Where the object of a backup is. */
export enum BackupPlace {
  VOLUME = 'VOLUME',
  S3 = 'S3',
}

registerEnumType(BackupPlace, { name: 'BackupPlace', description: "Where a backup is stored: in the server's folder of backups, or in S3-compatible storage." });
