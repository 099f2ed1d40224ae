import type { Environment } from '../../entities/environment.js';
import type { Release } from '../../entities/release.js';
import type { Service } from '../../entities/service.js';
import { environmentLabels } from '../environment/environment-manifests.js';
import { LABELS } from '../kubernetes/labels.js';
import type { TeamLogin } from './registry-login.js';

/** Everything that a service's objects are made of. Nothing else may change them, so equal workloads give equal objects. */
export interface Workload {
  installationId: string;
  environment: Pick<Environment, 'id' | 'teamId' | 'namespace'>;
  service: Pick<Service, 'id' | 'name' | 'public' | 'replicas' | 'paused'>;
  /** Which deployment the pods belong to: another one always replaces them. */
  deploymentId: string;
  release: Pick<Release, 'id' | 'digest' | 'spec'>;
  /** Opened values by name. */
  variables: Readonly<Record<string, string>>;
  /** Changes with the revisions of the variables and says nothing of their values. */
  variablesHash: string;
  /** The registry whose credential the pods pull with; null: they need none. */
  pullRegistry: string | null;
  /** That credential as it is now; null where it is gone. */
  pullLogin: TeamLogin | null;
  /** Whole host names that lead to the service. */
  hosts: readonly string[];
  ingressClass: string | null;
}

export const replicasOf = (workload: Pick<Workload, 'service'>): number => (workload.service.paused ? 0 : workload.service.replicas);

/** It has an address and serves it. */
export const isServed = (workload: Pick<Workload, 'service' | 'release' | 'hosts'>): boolean =>
  workload.service.public && !workload.service.paused && workload.release.spec.containerPort !== null && workload.hosts.length > 0;

/** Labels of a service's objects. */
export const serviceLabels = (workload: Pick<Workload, 'installationId' | 'environment' | 'service'>): Record<string, string> => ({
  ...environmentLabels(workload),
  [LABELS.service]: workload.service.id,
  [LABELS.name]: workload.service.name,
});

/** Selects a service's pods, of every deployment. It never changes: a Deployment's selector cannot. */
export const podSelector = (workload: Pick<Workload, 'service'>): Record<string, string> => ({ [LABELS.service]: workload.service.id });

export const secretName = (workload: Pick<Workload, 'service' | 'variablesHash'>): string => `${workload.service.name}-${workload.variablesHash}`;

export const secretPrefix = (service: Pick<Service, 'name'>): string => `${service.name}-`;
