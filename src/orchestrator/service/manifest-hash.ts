import { createHash } from 'node:crypto';
import { stableJson } from '../kubernetes/applied.js';
import { preDeployManifest } from './pre-deploy-manifest.js';
import { podSpec } from './service-manifests.js';
import type { Workload } from './workload.js';

/**
 * Of the manifest that a release is rendered as: its pods, and the Job of its pre-deploy step. Variables are in it by the
 * name of their Secret, which tells their revisions and none of their values.
 */
export function manifestHash(workload: Workload): string {
  const preDeploy = workload.release.spec.preDeploy ? preDeployManifest(workload).spec : null;
  const job = preDeploy as { template: { spec: object }; activeDeadlineSeconds: number } | null;
  const rendered = { pod: podSpec(workload), preDeploy: job && { pod: job.template.spec, activeDeadlineSeconds: job.activeDeadlineSeconds } };
  return createHash('sha256').update(stableJson(rendered)).digest('hex');
}
