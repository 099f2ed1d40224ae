import type { KubeConfig } from '@kubernetes/client-node';
import { request as requestPlain } from 'node:http';
import { request as requestTls, type RequestOptions } from 'node:https';

export interface ClusterAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request to a cluster's API, within its deadline. */
export async function askCluster(config: KubeConfig, method: 'GET' | 'DELETE', path: string, deadlineMs: number): Promise<ClusterAnswer> {
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error('the kubeconfig names no cluster in its current context');
  const options: RequestOptions = { method, headers: {}, signal: AbortSignal.timeout(deadlineMs) };
  await config.applyToHTTPSOptions(options);
  const url = new URL(server.replace(/\/$/, '') + path);
  const request = url.protocol === 'http:' ? requestPlain : requestTls;
  return new Promise((resolve, reject) => {
    request(url, options, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      answer.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}
