import { request } from 'node:http';
import { watchAnswer } from './secret-watch.js';

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body, where it is JSON. */
  body: any;
}

export interface HttpWish {
  method?: string;
  token?: string | null;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
}

/** One request as a client sends it. */
export async function http(url: string, { method, token, json, raw, headers = {} }: HttpWish = {}): Promise<HttpAnswer> {
  const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
  const answer = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body === undefined || raw !== undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await answer.text();
  watchAnswer(url, typeof body === 'string' ? body : '', text);
  return { status: answer.status, headers: answer.headers, text, body: parsed(text) };
}

/** A GraphQL request over HTTP. */
export const graphql = (url: string, token: string | null, query: string, variables?: Record<string, unknown>): Promise<HttpAnswer> =>
  http(`${url}/graphql`, { token, json: { query, variables } });

/** A request from another loopback address, which for a server is another client. */
export function httpFrom(localAddress: string, url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(url, { localAddress, headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    call.on('error', reject).end();
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
