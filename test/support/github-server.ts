import { verify, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StatusSeen {
  repository: string;
  commit: string;
  state: string;
  context: string;
  description: string;
  target_url?: string;
}

interface Written {
  id: number;
  body: string;
}

/** What the next requests are answered with in place of what they ask for. */
export interface Trouble {
  status: number;
  headers?: Record<string, string>;
  message: string;
}

/** The few endpoints of GitHub's REST API that are called, with its headers and its errors. */
export class GithubServer {
  readonly statuses: StatusSeen[] = [];
  /** By `owner/name#number`. */
  readonly comments = new Map<string, Written[]>();
  readonly requests: { method: string; path: string; authorization: string | undefined; at: number }[] = [];
  readonly troubles: Trouble[] = [];
  /** An app that is installed in the repositories of its owner, and the tokens that it was given. */
  app: { id: string; key: KeyObject; owner: string; token: string } | null = null;
  private ids = 0;
  private waiting: (() => void)[] = [];

  private constructor(
    private readonly http: Server,
    readonly url: string,
    /** As APEX_ALLOWED_INTERNAL names it. */
    readonly host: string,
  ) {}

  static async start(): Promise<GithubServer> {
    const handler = { serve: (_req: IncomingMessage, _res: ServerResponse): void => undefined };
    const http = createServer((req, res) => handler.serve(req, res));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(http.address() as AddressInfo).port}`;
    const server = new GithubServer(http, `http://${host}`, host);
    handler.serve = (req, res) => void server.serve(req, res);
    return server;
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  /** Settles once the condition holds, which is looked at after every request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Serves a request that came to another server, under `/api/v3` as on Enterprise Server. */
  async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of req) text += String(chunk);
    const body = text ? JSON.parse(text) : null;
    const path = new URL(req.url ?? '/', this.url).pathname.replace(/^\/api\/v3/, '');
    this.requests.push({ method: req.method ?? '', path, authorization: req.headers.authorization, at: performance.now() });
    const trouble = this.troubles.shift();
    if (trouble) answer(res, trouble.status, { message: trouble.message, documentation_url: 'https://docs.github.com/rest' }, trouble.headers);
    else if (/^\/app\/|\/installation$/.test(path)) this.ofApp(req, path, body, res);
    else this.done(req.method ?? '', path, body, res);
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** An app shows who it is by a token that it signs itself, which holds for ten minutes at most. */
  private ofApp({ headers: { authorization = '' } }: IncomingMessage, path: string, body: any, res: ServerResponse): void {
    const [head = '', claims = '', signature = ''] = authorization.replace(/^bearer /i, '').split('.');
    const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}');
    const isKnown = this.app && String(iss) === this.app.id && exp - iat <= 600 && exp > Date.now() / 1000 && verify('sha256', Buffer.from(`${head}.${claims}`), this.app.key, Buffer.from(signature, 'base64url'));
    if (!this.app || !isKnown) return answer(res, 401, { message: 'A JSON web token could not be decoded' });
    if (path === `/app/installations/7/access_tokens`) {
      return answer(res, 201, { token: this.app.token, expires_at: new Date(Date.now() + 3_600_000).toISOString(), permissions: body?.permissions ?? {}, repository_selection: 'selected' });
    }
    if (path.startsWith(`/repos/${this.app.owner}/`)) return answer(res, 200, { id: 7, app_id: Number(iss) });
    answer(res, 404, { message: 'Not Found' });
  }

  private done(method: string, path: string, body: any, res: ServerResponse): void {
    const status = /^\/repos\/([^/]+\/[^/]+)\/statuses\/([0-9a-f]+)$/.exec(path);
    const issue = /^\/repos\/([^/]+\/[^/]+)\/issues\/(\d+)\/comments$/.exec(path);
    const comment = /^\/repos\/([^/]+\/[^/]+)\/issues\/comments\/(\d+)$/.exec(path);
    if (status && method === 'POST') {
      this.statuses.push({ repository: status[1]!, commit: status[2]!, ...body });
      return answer(res, 201, { id: this.statuses.length, ...body });
    }
    if (issue) {
      const key = `${issue[1]}#${issue[2]}`;
      const list = this.comments.get(key) ?? [];
      if (method === 'GET') return answer(res, 200, list);
      const written = { id: (this.ids += 1), body: body.body as string };
      this.comments.set(key, [...list, written]);
      return answer(res, 201, written);
    }
    const known = comment && [...this.comments.values()].flat().find(({ id }) => id === Number(comment[2]));
    if (!known) return answer(res, 404, { message: 'Not Found' });
    known.body = body.body;
    return answer(res, 200, known);
  }
}

/** With what GitHub says of the rate limit, which no answer of its lacks. */
function answer(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3600), 'x-github-request-id': '0:0', ...headers });
  res.end(JSON.stringify(body));
}
