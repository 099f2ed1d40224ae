import { createServer } from 'node:net';
import { FIXED_PORTS, INGRESS_PORTS, REGISTRY_PORTS } from './addresses.js';
import { readJson, writeJson } from './json-file.js';
import { NodeProblem } from './node-problem.js';
import type { NodePaths } from './node-paths.js';
import { tryCommand } from './run-command.js';

/** The two ports that are picked at the first bring-up and kept from then on. */
export interface NodePorts {
  readonly ingress: number;
  readonly registry: number;
}

/** What was picked before, if anything was. */
export function rememberedPorts(paths: NodePaths): NodePorts | undefined {
  return readJson<NodePorts>(paths.portsFile);
}

/**
 * Picks the ports while none of the node's processes run. A remembered port that is taken now is an error and not a
 * reason to move: addresses that people wrote down would silently stop working.
 */
export async function pickPorts(paths: NodePaths, wanted?: number): Promise<NodePorts> {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= 65535)) {
    throw new NodeProblem('APEX_INGRESS_PORT is not a port; set it to a whole number from 1 to 65535.');
  }
  for (const [port, owner] of FIXED_PORTS) {
    if (!(await isFree(port))) throw await portTaken(port, `${owner} of the embedded cluster needs it`);
  }
  const remembered = rememberedPorts(paths);
  const ingress = wanted ?? remembered?.ingress ?? (await firstFree(INGRESS_PORTS, 'the ingress'));
  if (!(await isFree(ingress))) {
    throw await portTaken(ingress, 'the embedded cluster serves your deployments there', 'set APEX_INGRESS_PORT to another port');
  }
  const registry = remembered && (await isFree(remembered.registry)) ? remembered.registry : await firstFree(REGISTRY_PORTS.filter((port) => port !== ingress), 'the image registry');
  const ports = { ingress, registry };
  writeJson(paths.portsFile, ports);
  return ports;
}

/** Whether something could listen on this port now, on all addresses. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The first port of a list that nothing listens on. */
export async function firstFree(candidates: readonly number[], owner: string): Promise<number> {
  for (const port of candidates) if (await isFree(port)) return port;
  const way = owner === 'the ingress' ? 'set APEX_INGRESS_PORT to a free one' : 'stop what uses one of them';
  throw new NodeProblem(`None of the ports ${candidates.join(', ')} is free for ${owner} of the embedded cluster; ${way}.`);
}

/** The sentence about a port that something else has, with its name where it can be seen. */
export async function portTaken(port: number, why: string, alternative?: string): Promise<NodeProblem> {
  const { stdout } = await tryCommand('ss', ['-Hltnp', `sport = :${port}`], { timeoutMs: 5_000 });
  const owner = /"([^"]+)",pid=(\d+)/.exec(stdout);
  const by = owner ? ` by ${owner[1]} (process ${owner[2]})` : '';
  return new NodeProblem(`Port ${port} is taken${by} and ${why}; stop it${alternative ? ` or ${alternative}` : ''}, then run ./apex up again.`);
}
