import { randomBytes } from 'node:crypto';

/** Secrets are encrypted in etcd with a key that only this machine's root can read. */
export function encryptionConfig(key: string = randomBytes(32).toString('base64')): unknown {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources: ['secrets'], providers: [{ secretbox: { keys: [{ name: 'node-1', secret: key }] } }, { identity: {} }] }],
  };
}

/**
 * Who wrote what, without bodies (they would hold secrets): enough to count the writes of one user agent. The node's own
 * heartbeats and status reports are left out, as they would fill the log.
 */
export function auditPolicy(): unknown {
  return {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [
      { level: 'None', userGroups: ['system:nodes', 'system:serviceaccounts:kube-system'] },
      { level: 'None', users: ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler', 'system:kube-proxy'] },
      { level: 'None', resources: [{ group: '', resources: ['events'] }, { group: 'events.k8s.io' }, { group: 'coordination.k8s.io' }] },
      { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
      { level: 'None' },
    ],
  };
}
