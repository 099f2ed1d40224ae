import { readdirSync, readFileSync } from 'node:fs';
import type { KubeObject } from '../../../src/orchestrator/kubernetes/kinds.js';
import { execInPod } from '../../../src/orchestrator/kubernetes/pod-exec.js';
import type { ClusterInstallation } from '../cluster-installation.js';

/** The namespace of the installation's one environment with that name. */
export async function namespaceOf(apex: ClusterInstallation, environment = 'production'): Promise<string> {
  const [row] = await apex.database.orm.em.getConnection().execute<{ namespace: string }[]>('select namespace from environment where name = ? and deleted_at is null order by created_at limit 1', [environment]);
  return row!.namespace;
}

/** Runs a shell script in a pod, and answers what it printed. Throws where it fails. */
export async function shell(apex: ClusterInstallation, namespace: string, pod: string, container: string, script: string, input: string | Buffer = '', seconds = 60): Promise<string> {
  let output = '';
  const wish = { namespace, pod, container, command: ['sh', '-c', script], input: [Buffer.from(input as string)], signal: AbortSignal.timeout(seconds * 1000) };
  const end = await execInPod(apex.kube, wish, (chunk) => void (output += chunk.toString()));
  if (end.exitCode !== 0) throw new Error(`"${script}" ended with ${end.exitCode}: ${end.stderr}`);
  return output.trim();
}

/** A pod that only waits, with an engine's client in it, as a tenant's service would have. Answers its name once it runs. */
export async function startClient(apex: ClusterInstallation, namespace: string, image: string, name = `client-${image.split(':')[0]}`): Promise<string> {
  await apex.kube.apply({
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace },
    spec: {
      automountServiceAccountToken: false, terminationGracePeriodSeconds: 0,
      containers: [{ name: 'client', image, command: ['sh', '-c', 'sleep 3600'], securityContext: { runAsUser: 999 } }],
    },
  } as KubeObject);
  const phase = () => apex.kube.get<{ status: { phase: string } }>('Pod', name, namespace).then(({ status }) => status.phase);
  await apex.eventually(phase, (now) => now === 'Running', 60);
  return name;
}

/** SIGKILL to every process of a pod's containers at once: from the machine where it runs here, else as Kubernetes does by force. */
export async function killEngine(apex: ClusterInstallation, pod: string, namespace: string): Promise<void> {
  const object = await apex.kube.get('Pod', pod, namespace);
  const processes = process.env['APEX_NODE_DIR'] ? processesOf(object.metadata.uid!) : [];
  if (processes.length === 0) return apex.kube.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${pod}`, 'Pod', { body: { gracePeriodSeconds: 0 } });
  for (const id of processes) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It ended with its parent.
    }
  }
}

/** All but the pause process, which holds the pod's network. */
function processesOf(podUid: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const inPod = readFileSync(`/proc/${name}/cgroup`, 'utf8').includes(podUid);
      return inPod && !readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('/pause') ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
