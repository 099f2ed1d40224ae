/** Whose an object is. Every object of ours carries these, so that it can be found, and found to be an orphan. */
export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  name: 'app.kubernetes.io/name',
  installation: 'apexpaas.com/installation',
  team: 'apexpaas.com/team',
  environment: 'apexpaas.com/environment',
  service: 'apexpaas.com/service',
  database: 'apexpaas.com/database',
  deployment: 'apexpaas.com/deployment',
  /** Of a pod that is not the service's own, but runs for it before a rollout. */
  preDeployOf: 'apexpaas.com/pre-deploy-of',
} as const;

/** Hash of what was applied: the object is left alone while it says the same. */
export const APPLIED_HASH = 'apexpaas.com/applied-hash';

/** Which credential a pull secret holds: whoever was stopped with an older one in hand does not write it over a newer. */
export const CREDENTIAL = 'apexpaas.com/registry-credential';

export const MANAGER = 'apex';

/** Selects this installation's objects and no others: several installations may share a cluster. */
export const installationSelector = (installationId: string): string => `${LABELS.managedBy}=${MANAGER},${LABELS.installation}=${installationId}`;
