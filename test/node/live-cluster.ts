import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { kubectl } from '../../src/node/api-client.js';
import { nodePaths } from '../../src/node/node-paths.js';

/** Where `./apex` keeps what it compiled. */
export const CACHE = join(homedir(), '.cache', 'apex');
export const paths = nodePaths();

/** A namespace of the running node for one test file, removed with all in it. */
export class LiveNamespace {
  readonly name = `node-test-${randomBytes(4).toString('hex')}`;

  async create(): Promise<void> {
    await kubectl(paths, ['create', 'namespace', this.name]);
  }

  async remove(): Promise<void> {
    await kubectl(paths, ['delete', 'namespace', this.name, '--wait=false']);
  }

  run(...args: string[]): Promise<string> {
    return kubectl(paths, ['--namespace', this.name, ...args], { timeoutMs: 90_000 });
  }

  async apply(...objects: unknown[]): Promise<void> {
    await kubectl(paths, ['--namespace', this.name, 'apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) });
  }

  /** Starts pods and waits until they are ready. */
  async pods(...pods: Array<{ name: string; image: string; args?: string[]; labels?: Record<string, string>; claim?: string }>): Promise<void> {
    await this.apply(...pods.map(({ name, image, args, labels, claim }) => ({
      apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name, ...labels } },
      spec: {
        terminationGracePeriodSeconds: 0, enableServiceLinks: false,
        containers: [{ name: 'main', image, ...(args ? { args } : {}), volumeMounts: claim ? [{ name: 'data', mountPath: '/data' }] : [] }],
        volumes: claim ? [{ name: 'data', persistentVolumeClaim: { claimName: claim } }] : [],
      },
    })));
    await this.run('wait', '--for=condition=Ready', '--timeout=80s', ...pods.map(({ name }) => `pod/${name}`));
  }

  address(pod: string): Promise<string> {
    return this.run('get', 'pod', pod, '-o', 'jsonpath={.status.podIP}');
  }

  /** Runs a shell line in a pod; false when it failed. */
  async shell(pod: string, line: string): Promise<boolean> {
    return this.run('exec', pod, '--', 'sh', '-c', line).then(() => true, () => false);
  }
}

/** A GET through the node's ingress. */
export function viaIngress(port: number, host: string, path = '/', address = '127.0.0.1'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: address, port, path, headers: { host }, agent: false, timeout: 5_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body })).on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('no answer'))).on('error', reject).end();
  });
}

/** Asks again until the answer is as wished; answers the last one. For what the cluster does in its own time. */
export async function eventually<T>(ask: () => Promise<T>, wished: (answer: T) => boolean, timeoutMs = 20_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (wished(answer) || Date.now() > deadline) return answer;
    await pause(200);
  }
}
