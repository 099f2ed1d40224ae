import { setTimeout as pause } from 'node:timers/promises';

export interface Answer<T = any> {
  status: number;
  body: T;
}

export interface RestClient {
  get<T = any>(path: string): Promise<Answer<T>>;
  /** With a key it may be sent again. */
  post<T = any>(path: string, body?: unknown, idempotencyKey?: string): Promise<Answer<T>>;
  patch<T = any>(path: string, body?: unknown, idempotencyKey?: string): Promise<Answer<T>>;
  delete<T = any>(path: string): Promise<Answer<T>>;
  /** The deployment once it has ended, by the API's own long poll. Throws when it has not after `seconds`. */
  endOfDeployment(id: string, seconds?: number): Promise<any>;
}

/** Speaks REST as a client does: a token and JSON. */
export function restClient(url: string, token: string): RestClient {
  const call = async (method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(idempotencyKey && { 'idempotency-key': idempotencyKey }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(75_000),
    });
    return { status: response.status, body: await response.json() };
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body, idempotencyKey) => call('POST', path, body, idempotencyKey),
    patch: (path, body, idempotencyKey) => call('PATCH', path, body, idempotencyKey),
    delete: (path) => call('DELETE', path),
    endOfDeployment: async (id, seconds = 120) => {
      const deadline = Date.now() + seconds * 1000;
      for (;;) {
        const { body } = await call('GET', `/api/deployments/${id}?wait=30`);
        if (body.endedAt) return body;
        if (Date.now() > deadline) throw new Error(`The deployment has not ended in ${seconds} s: ${JSON.stringify(body)}`);
      }
    },
  };
}

/** Asks again until `accept` holds, for what no event announces (an address beginning or ceasing to serve). */
export async function until<T>(what: string, ask: () => Promise<T>, accept: (value: T) => boolean, seconds = 60): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await ask();
    if (accept(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not so after ${seconds} s, last seen ${JSON.stringify(value)}`);
    await pause(100);
  }
}

/** GET of a public service through the ingress on loopback, as a browser would for `*.localhost`. */
export async function visit(serviceUrl: string, path = '/'): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(serviceUrl);
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: port || 80, path, headers: { host: `${hostname}${port ? `:${port}` : ''}` }, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on('timeout', () => call.destroy(new Error('the ingress did not answer in 10 s'))).on('error', reject).end();
  });
}
