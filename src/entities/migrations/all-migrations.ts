import { Initial } from './001-initial.js';
import { Rollouts } from './002-rollouts.js';
import { Access } from './003-access.js';
import { EnvGroups } from './003-env-groups.js';
import { KeyRotation } from './003-key-rotation.js';
import { Databases } from './005-databases.js';
import { Webhooks } from './006-webhooks.js';
import { PrivateImagesAndQuotas } from './007-private-images-and-quotas.js';
import { LogHistory } from './008-log-history.js';
import { Previews } from './009-previews.js';
import { ProvenPreviews } from './010-proven-previews.js';
import { LogDrains } from './011-log-drains.js';
import { Backups } from './012-backups.js';
import { PreviewHosts } from './015-preview-hosts.js';
import { BackupPlaces } from './018-backup-places.js';
import { BuildSecrets } from './020-build-secrets.js';
import { StoredImages } from './021-stored-images.js';
import { PointInTimeRecoveries } from './022-point-in-time-recovery.js';
import { PlacesOfImages } from './023-places-of-images.js';
import { Builds } from './013-builds.js';
import { DatabaseUsage } from './016-database-usage.js';
import { FinalBackups } from './017-final-backups.js';

/** Every migration, oldest first. One that has run anywhere is never changed again. */
export const MIGRATIONS = [
  { name: '001-initial', class: Initial },
  { name: '002-rollouts', class: Rollouts },
  { name: '003-access', class: Access },
  { name: '003-env-groups', class: EnvGroups },
  { name: '003-key-rotation', class: KeyRotation },
  { name: '005-databases', class: Databases },
  { name: '006-webhooks', class: Webhooks },
  { name: '007-private-images-and-quotas', class: PrivateImagesAndQuotas },
  { name: '008-log-history', class: LogHistory },
  { name: '009-previews', class: Previews },
  { name: '010-proven-previews', class: ProvenPreviews },
  { name: '011-log-drains', class: LogDrains },
  { name: '012-backups', class: Backups },
  { name: '015-preview-hosts', class: PreviewHosts },
  { name: '013-builds', class: Builds },
  { name: '016-database-usage', class: DatabaseUsage },
  { name: '017-final-backups', class: FinalBackups },
  { name: '018-backup-places', class: BackupPlaces },
  { name: '020-build-secrets', class: BuildSecrets },
  { name: '021-stored-images', class: StoredImages },
  { name: '022-point-in-time-recovery', class: PointInTimeRecoveries },
  { name: '023-places-of-images', class: PlacesOfImages },
];
