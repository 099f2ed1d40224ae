import { isBuiltFor } from '../../entities/built-image.js';
import { parseImage, pinned } from '../../outside/image-reference.js';
import { formatCpu, formatMemory, quantity } from '../kubernetes/quantity.js';
import { secretName, type Workload } from './workload.js';

export const CONTAINER = 'app';
export const STARTUP_SECONDS = 600;
/** The ingress needs a moment to see that a pod leaves; until then the pod goes on answering. */
const DRAIN_SECONDS = 5;
const READY_EVERY_SECONDS = 2;
const ALIVE_EVERY_SECONDS = 10;
const PROBE_TIMEOUT_SECONDS = 3;
const PORT = 'PORT';
const MIN_CPU = 0.01;
const MIN_MEMORY = 16 * 2 ** 20;
/** What a container is sure of, as a share of its limit: most of them idle most of the time. */
const CPU_SHARE = 0.1;
const MEMORY_SHARE = 0.25;

/** The one container of a service's pods. */
export function containerManifest(workload: Workload): Record<string, unknown> {
  const { spec, digest } = workload.release;
  const reference = parseImage(spec.image);
  return {
    name: CONTAINER,
    image: digest && reference ? pinned(reference, digest) : spec.image,
    imagePullPolicy: digest ? 'IfNotPresent' : 'Always',
    ...(spec.command?.length ? { command: spec.command } : {}),
    ...(spec.args?.length ? { args: spec.args } : {}),
    ...(Object.keys(workload.variables).length > 0 ? { envFrom: [{ secretRef: { name: secretName(workload) } }] } : {}),
    ...(saysPort(workload) ? { env: [{ name: PORT, value: String(spec.containerPort) }] } : {}),
    resources: resources(workload),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['NET_RAW'] } },
    ...(spec.containerPort === null ? {} : network(workload, spec.containerPort)),
  };
}

/** What was built here asks where it shall listen; an image from elsewhere has its own mind. A variable of the service wins. */
const saysPort = ({ release: { spec }, environment: { teamId }, variables }: Workload): boolean =>
  spec.containerPort !== null && isBuiltFor(spec.image, teamId) && !(PORT in variables);

function network({ release: { spec } }: Workload, port: number): Record<string, unknown> {
  const { healthCheck } = spec;
  const check = healthCheck ? { httpGet: { path: healthCheck.path, port, scheme: 'HTTP' } } : { tcpSocket: { port } };
  const timeoutSeconds = healthCheck?.timeoutSeconds ?? PROBE_TIMEOUT_SECONDS;
  return {
    ports: [{ name: 'app', containerPort: port, protocol: 'TCP' }],
    // Until it has answered once it is neither ready nor dead: our own deadline decides, not a restart.
    startupProbe: { ...check, periodSeconds: 1, timeoutSeconds, failureThreshold: STARTUP_SECONDS },
    readinessProbe: { ...check, periodSeconds: healthCheck?.intervalSeconds ?? READY_EVERY_SECONDS, timeoutSeconds, failureThreshold: 2 },
    livenessProbe: { ...check, periodSeconds: healthCheck?.intervalSeconds ?? ALIVE_EVERY_SECONDS, timeoutSeconds, failureThreshold: 6 },
    // Kubernetes' own sleep: the image may have no shell.
    lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
  };
}

function resources({ release: { spec } }: Workload): Record<string, unknown> {
  const cpu = quantity(spec.resources.cpu) ?? 0.5;
  const memory = quantity(spec.resources.memory) ?? 256 * 2 ** 20;
  return {
    limits: { cpu: formatCpu(cpu), memory: formatMemory(memory) },
    requests: { cpu: formatCpu(Math.min(cpu, Math.max(cpu * CPU_SHARE, MIN_CPU))), memory: formatMemory(Math.min(memory, Math.max(memory * MEMORY_SHARE, MIN_MEMORY))) },
  };
}
