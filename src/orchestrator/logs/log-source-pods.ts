import { LABELS } from '../kubernetes/labels.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import type { LogSource } from '../port.js';

/** The name of a source: `service/<id>`, `database/<id>` or `pre-deploy/<deployment's id>`. */
export function sourceKey(source: LogSource): string {
  if ('databaseId' in source) return `database/${source.databaseId}`;
  return 'preDeployOf' in source ? `pre-deploy/${source.preDeployOf}` : `service/${source.serviceId}`;
}

/** What selects the pods of a source among all of the installation's. */
export function sourceSelector(source: LogSource): string {
  if ('databaseId' in source) return `${LABELS.database}=${source.databaseId}`;
  return 'preDeployOf' in source ? `${LABELS.preDeployOf},${LABELS.deployment}=${source.preDeployOf}` : `${LABELS.service}=${source.serviceId}`;
}

/** The source that a pod belongs to; null for one that belongs to none. */
export function sourceKeyOfPod({ metadata: { labels = {} } }: KubeObject): string | null {
  const [service, database, deployment] = [labels[LABELS.service], labels[LABELS.database], labels[LABELS.deployment]];
  if (labels[LABELS.preDeployOf]) return deployment ? `pre-deploy/${deployment}` : null;
  return service ? `service/${service}` : database ? `database/${database}` : null;
}
