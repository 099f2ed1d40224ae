import { gql, type Route } from '../route.js';
import { SERVICE } from './service-routes.js';

const DATABASE = `
  id name type version size status statusMessage environment { name } teamId paused
  resources { cpu memory } storage createdAt deletedAt purgeAt finalBackupId
  lastBackup { id state trigger message createdAt endedAt }`;

const SCHEDULE = 'databaseId cron timeZone keepCount keepDays nextAt trouble createdAt';
const BACKUP = 'id databaseId state trigger engine version size contentSize sha256 place message createdAt endedAt';
const RECOVERY = 'databaseId keepDays earliest latest storedBytes trouble createdAt';
const RESTORE = 'id backupId sourceId toTime databaseId state message createdAt endedAt';

const flatten = { environment: 'name' } as const;
const tag = 'Databases';

/** Databases that Apex runs. */
export const DATABASE_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/databases', tag, summary: 'The databases of the caller, oldest first, also deleted ones that are still kept',
    operation: gql`query listDatabases($teamId: ID, $environment: String, $first: Int, $after: String) {
      databases(teamId: $teamId, environment: $environment, first: $first, after: $after) { nodes { ${DATABASE} } pageInfo { hasNextPage endCursor } }
    }`,
    query: { teamId: 'teamId', environment: 'environment' },
    answer: ['databases', 'nodes'], flatten, page: { info: ['databases', 'pageInfo'], limit: 'first', cursor: 'after' },
  },
  {
    method: 'POST', path: '/api/databases', tag, summary: 'A new database', needsCluster: true,
    operation: gql`mutation createDatabase($input: CreateDatabaseInput!) { createDatabase(input: $input) { ${DATABASE} } }`,
    body: 'input', answer: ['createDatabase'], flatten,
  },
  {
    method: 'GET', path: '/api/databases/:id', tag, summary: 'One database',
    operation: gql`query getDatabase($id: ID!) { database(id: $id) { ${DATABASE} } }`,
    params: { id: 'id' }, answer: ['database'], flatten,
  },
  {
    method: 'DELETE', path: '/api/databases/:id', tag, needsCluster: true,
    summary: 'Delete a database, after a final backup (not with `?finalBackup=false`); it is kept for 7 days, or not at all with `?force=` and its name',
    operation: gql`mutation deleteDatabase($id: ID!, $force: String, $finalBackup: Boolean! = true) { deleteDatabase(id: $id, force: $force, finalBackup: $finalBackup) { ${DATABASE} } }`,
    params: { id: 'id' }, query: { force: 'force', finalBackup: 'finalBackup' }, answer: ['deleteDatabase'], flatten,
  },
  {
    method: 'PATCH', path: '/api/databases/:id', tag, needsCluster: true,
    summary: 'More or less CPU and memory, or more storage: the database restarts, and stands still while its storage grows',
    operation: gql`mutation resizeDatabase($id: ID!, $input: ResizeDatabaseInput!) { resizeDatabase(id: $id, input: $input) { ${DATABASE} } }`,
    params: { id: 'id' }, body: 'input', answer: ['resizeDatabase'], flatten,
  },
  {
    method: 'POST', path: '/api/databases/:id/pause', tag, summary: 'Pause or resume; its volume is kept', needsCluster: true,
    operation: gql`mutation pauseDatabase($id: ID!, $pause: Boolean!) { pauseDatabase(id: $id, pause: $pause) { ${DATABASE} } }`,
    params: { id: 'id' }, body: { pause: 'pause' }, answer: ['pauseDatabase'], flatten,
  },
  {
    method: 'POST', path: '/api/databases/:id/undelete', tag, summary: 'Bring a deleted database back while it is kept', needsCluster: true,
    operation: gql`mutation undeleteDatabase($id: ID!) { undeleteDatabase(id: $id) { ${DATABASE} } }`,
    params: { id: 'id' }, answer: ['undeleteDatabase'], flatten,
  },
  {
    method: 'POST', path: '/api/databases/:id/rotate', tag, summary: 'A new password; the services that are linked are deployed again with it', needsCluster: true,
    operation: gql`mutation rotateDatabaseCredentials($id: ID!) { rotateDatabaseCredentials(id: $id) { ${DATABASE} } }`,
    params: { id: 'id' }, answer: ['rotateDatabaseCredentials'], flatten,
  },
  {
    method: 'GET', path: '/api/databases/:id/connection', tag, summary: "How services connect to it, with its credentials; each look is in the team's log",
    operation: gql`query databaseConnection($id: ID!) { databaseConnection(id: $id) { databaseId host port username password database url } }`,
    params: { id: 'id' }, answer: ['databaseConnection'],
  },
  {
    method: 'GET', path: '/api/databases/:id/usage', tag, summary: 'How busy and how full it was when it was last looked at; 404 until it has first answered',
    operation: gql`query databaseUsage($id: ID!) { databaseUsage(id: $id) { databaseId connections maxConnections memoryUsed storageUsed storageTotal observedAt } }`,
    params: { id: 'id' }, answer: ['databaseUsage'],
  },
  {
    method: 'POST', path: '/api/services/:id/link-database/:databaseId', tag, needsCluster: true,
    summary: 'Give a service the address of a database, credentials included, in the variable `as` (else DATABASE_URL), in a new rollout',
    operation: gql`mutation linkDatabase($id: ID!, $databaseId: ID!, $as: String! = "DATABASE_URL") { linkDatabase(serviceId: $id, databaseId: $databaseId, as: $as) { ${SERVICE} } }`,
    params: { id: 'id', databaseId: 'databaseId' }, body: { as: 'as' }, answer: ['linkDatabase'], flatten,
  },
  {
    method: 'GET', path: '/api/databases/:id/backups', tag, summary: 'The backups of a database, newest first',
    operation: gql`query listBackups($id: ID!, $first: Int, $after: String) {
      backups(databaseId: $id, first: $first, after: $after) { nodes { ${BACKUP} } pageInfo { hasNextPage endCursor } }
    }`,
    params: { id: 'id' }, answer: ['backups', 'nodes'], page: { info: ['backups', 'pageInfo'], limit: 'first', cursor: 'after' },
  },
  {
    method: 'POST', path: '/api/databases/:id/backups', tag, summary: 'Begin a backup of a database', needsCluster: true,
    operation: gql`mutation createBackup($id: ID!) { createBackup(databaseId: $id) { ${BACKUP} } }`,
    params: { id: 'id' }, answer: ['createBackup'],
  },
  {
    method: 'GET', path: '/api/databases/:id/backups/:backupId/download', tag, summary: "Download a backup: a dump for the engine's own programs, decrypted and unpacked; each download is in the team's log",
    operation: gql`subscription downloadBackup($id: ID!, $backupId: ID!) { backupContent(databaseId: $id, backupId: $backupId) { fileName size bytes last } }`,
    params: { id: 'id', backupId: 'backupId' }, answer: ['backupContent'], isFile: true,
  },
  {
    method: 'GET', path: '/api/databases/:id/backup-schedule', tag, summary: 'When a database is backed up by itself; null where it is not',
    operation: gql`query getBackupSchedule($id: ID!) { backupSchedule(databaseId: $id) { ${SCHEDULE} } }`,
    params: { id: 'id' }, answer: ['backupSchedule'],
  },
  {
    method: 'POST', path: '/api/databases/:id/backup-schedule', tag, summary: 'Back a database up by itself; in place of the schedule before',
    operation: gql`mutation setBackupSchedule($id: ID!, $input: BackupScheduleInput!) { setBackupSchedule(databaseId: $id, input: $input) { ${SCHEDULE} } }`,
    params: { id: 'id' }, body: 'input', answer: ['setBackupSchedule'],
  },
  {
    method: 'DELETE', path: '/api/databases/:id/backup-schedule', tag, summary: 'End the schedule; the backups that it made stay',
    operation: gql`mutation deleteBackupSchedule($id: ID!) { deleteBackupSchedule(databaseId: $id) { ${SCHEDULE} } }`,
    params: { id: 'id' }, answer: ['deleteBackupSchedule'],
  },
  {
    method: 'DELETE', path: '/api/backups/:id', tag, summary: 'Delete a backup for good', needsCluster: true,
    operation: gql`mutation deleteBackup($id: ID!) { deleteBackup(id: $id) { ${BACKUP} } }`,
    params: { id: 'id' }, answer: ['deleteBackup'],
  },
  {
    method: 'POST', path: '/api/databases/:id/restore', tag, needsCluster: true,
    summary: 'Restore a backup of this database: into a new one with `name`, else into this one, whose content it replaces',
    operation: gql`mutation restoreBackup($id: ID!, $backupId: ID!, $name: String) { restoreBackup(databaseId: $id, backupId: $backupId, name: $name) { ${RESTORE} } }`,
    params: { id: 'id' }, body: { backupId: 'backupId', name: 'name' }, answer: ['restoreBackup'],
  },
  {
    method: 'GET', path: '/api/databases/:id/point-in-time-recovery', tag, summary: 'Which times of a database can be recovered; null where its log is not kept for that',
    operation: gql`query getPointInTimeRecovery($id: ID!) { pointInTimeRecovery(databaseId: $id) { ${RECOVERY} } }`,
    params: { id: 'id' }, answer: ['pointInTimeRecovery'],
  },
  {
    method: 'POST', path: '/api/databases/:id/point-in-time-recovery', tag, needsCluster: true,
    summary: 'Keep the log of a PostgreSQL database, so that its content can be brought back as of any time of the last `keepDays` (else 7)',
    operation: gql`mutation setPointInTimeRecovery($id: ID!, $keepDays: Int! = 7) { setPointInTimeRecovery(databaseId: $id, keepDays: $keepDays) { ${RECOVERY} } }`,
    params: { id: 'id' }, body: { keepDays: 'keepDays' }, answer: ['setPointInTimeRecovery'],
  },
  {
    method: 'DELETE', path: '/api/databases/:id/point-in-time-recovery', tag, summary: 'Keep its log no more; what was kept of it goes', needsCluster: true,
    operation: gql`mutation endPointInTimeRecovery($id: ID!) { endPointInTimeRecovery(databaseId: $id) { ${RECOVERY} } }`,
    params: { id: 'id' }, answer: ['endPointInTimeRecovery'],
  },
  {
    method: 'POST', path: '/api/databases/:id/recover', tag, needsCluster: true,
    summary: 'Bring the content of this database back as it was at a time (`toTime`): into a new one with `name`, else into this one, whose content it replaces',
    operation: gql`mutation recoverDatabase($id: ID!, $toTime: DateTimeISO!, $name: String) { recoverDatabase(databaseId: $id, toTime: $toTime, name: $name) { ${RESTORE} } }`,
    params: { id: 'id' }, body: { toTime: 'toTime', name: 'name' }, answer: ['recoverDatabase'],
  },
  {
    method: 'GET', path: '/api/restores/:id', tag, summary: 'How far a restore is',
    operation: gql`query getRestore($id: ID!) { restore(id: $id) { ${RESTORE} } }`,
    params: { id: 'id' }, answer: ['restore'],
  },
];
