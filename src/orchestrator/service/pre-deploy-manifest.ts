import type { KubeObject } from '../kubernetes/kinds.js';
import { LABELS } from '../kubernetes/labels.js';
import { environmentLabels } from '../environment/environment-manifests.js';
import { containerManifest, CONTAINER } from './container-manifest.js';
import { imagePullSecrets } from './pull-secret.js';
import { serviceLabels, type Workload } from './workload.js';

const GRACE_SECONDS = 10;

/** Its name is the deployment's: whoever makes it a second time finds the first. */
export const preDeployName = (deploymentId: string): string => `pre-${deploymentId}`;

/** The Job of a pre-deploy step. Its pod is none of the service's: no request goes to it, and it is not counted. */
export function preDeployManifest(workload: Workload): KubeObject {
  const { preDeploy } = workload.release.spec;
  if (!preDeploy) throw new Error('A release without a pre-deploy step has no Job');
  const { command: _command, args: _args, ports: _ports, startupProbe: _startup, readinessProbe: _ready, livenessProbe: _alive, lifecycle: _lifecycle, ...container } = containerManifest(workload);
  const ofDeployment = { [LABELS.deployment]: workload.deploymentId };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: preDeployName(workload.deploymentId), namespace: workload.environment.namespace, labels: { ...serviceLabels(workload), ...ofDeployment } },
    spec: {
      completions: 1,
      parallelism: 1,
      backoffLimit: 0,
      activeDeadlineSeconds: preDeploy.timeoutSeconds,
      template: {
        metadata: { labels: { ...environmentLabels(workload), ...ofDeployment, [LABELS.preDeployOf]: workload.service.id } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: GRACE_SECONDS,
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          ...imagePullSecrets(workload),
          containers: [{ ...container, name: CONTAINER, command: preDeploy.command, ...(preDeploy.args?.length ? { args: preDeploy.args } : {}) }],
        },
      },
    },
  };
}
