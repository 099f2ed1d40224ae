import { z } from 'zod';

/** The cluster that a server is started with. */
export const CLUSTER_CHOICE = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('kubeconfig'), path: z.string() }),
  z.object({ kind: z.literal('in-cluster') }),
  z.object({ kind: z.literal('embedded'), folder: z.string() }),
]);

export type ClusterChoice = z.infer<typeof CLUSTER_CHOICE>;

/** The variables that tell the server of this choice; `undefined` hides one that the caller had set. */
export function clusterVariables(choice: ClusterChoice): Record<string, string | undefined> {
  const none = { KUBECONFIG: undefined, APEX_NODE_DIR: undefined, APEX_NO_CLUSTER: undefined };
  switch (choice.kind) {
    case 'none':
      return { ...none, APEX_NO_CLUSTER: '1' };
    case 'kubeconfig':
      return { ...none, KUBECONFIG: choice.path };
    case 'in-cluster':
      return none;
    case 'embedded':
      return { ...none, APEX_NODE_DIR: choice.folder };
  }
}

/** A name for people. */
export function describeCluster(choice: ClusterChoice): string {
  switch (choice.kind) {
    case 'none':
      return 'none';
    case 'kubeconfig':
      return `the one in ${choice.path}`;
    case 'in-cluster':
      return 'the one that this runs in';
    case 'embedded':
      return 'the embedded node';
  }
}
