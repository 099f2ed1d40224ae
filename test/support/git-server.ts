import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { GithubServer } from './github-server.js';
import { promisify } from 'node:util';

const BACKEND = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');

export interface GitServer {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  host: string;
  /** Credentials that came with requests, as they were sent. */
  seen: Set<string>;
  /** Commits the files on top of the branch, in place of those that were there, pushes them and answers the commit. `submodules`: commits of others by path. */
  commit(repository: string, files: Record<string, string>, submodules?: Record<string, string>): string;
  /** The same over HTTP, as a user pushes; settles once it is there. */
  push(repository: string, files: Record<string, string>): Promise<string>;
  stop(): Promise<void>;
}

/** git's own server on loopback. What is read needs the login, where there is one. `api` answers under `/api/v3`. */
export async function startGitServer(login: { username: string; password: string } | null = null, api?: Pick<GithubServer, 'serve'>): Promise<GitServer> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-git-'));
  const repositories = join(folder, 'repositories');
  const seen = new Set<string>();
  const wanted = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    if (api && request.url?.startsWith('/api/v3/')) return void api.serve(request, response);
    const { authorization } = request.headers;
    if (authorization) seen.add(authorization);
    if (request.url?.startsWith('/moved/')) return void response.writeHead(302, { location: request.url.replace('/moved/', '/acme/') }).end();
    if (wanted && authorization !== wanted) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    backend(repositories, request).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'init.defaultBranch=main', ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const prepare = (repository: string, files: Record<string, string>, submodules: Record<string, string> = {}): { bare: string; work: string } => {
    const bare = join(repositories, `${repository}.git`);
    const work = join(folder, 'work', repository);
    try {
      git(work, 'rev-parse');
    } catch {
      mkdirSync(bare, { recursive: true });
      mkdirSync(work, { recursive: true });
      git(bare, 'init', '--bare', '--quiet');
      git(bare, 'config', 'http.receivepack', 'true');
      git(work, 'init', '--quiet');
    }
    git(work, 'rm', '-rq', '--ignore-unmatch', '.');
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(work, name)), { recursive: true });
      writeFileSync(join(work, name), content);
    }
    git(work, 'add', '--all');
    for (const [path, commit] of Object.entries(submodules)) git(work, 'update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
    git(work, 'commit', '--quiet', '--allow-empty', '-m', 'Change');
    return { bare, work };
  };
  return {
    url: `http://${host}`,
    host,
    seen,
    commit: (repository, files, submodules) => {
      const { bare, work } = prepare(repository, files, submodules);
      git(work, 'push', '--quiet', bare, 'HEAD:main');
      return git(work, 'rev-parse', 'HEAD');
    },
    push: async (repository, files) => {
      const { work } = prepare(repository, files);
      const address = new URL(`http://${host}/${repository}.git`);
      if (login) Object.assign(address, login);
      await promisify(execFile)('git', ['push', '--quiet', address.href, 'HEAD:main'], { cwd: work });
      return git(work, 'rev-parse', 'HEAD');
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function backend(root: string, request: IncomingMessage): Promise<{ status: number; headers: Record<string, string>; body: Buffer }> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn(BACKEND, [], {
    env: {
      GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: pathname, QUERY_STRING: searchParams.toString(), REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '', HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '', GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''), PATH: process.env['PATH'] ?? '',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const end = all.indexOf('\r\n\r\n');
  const headers = Object.fromEntries(all.subarray(0, end).toString().split('\r\n').map((line) => line.split(': ') as [string, string]));
  const { Status, ...rest } = headers as { Status?: string } & Record<string, string>;
  return { status: Status ? parseInt(Status, 10) : 200, headers: rest, body: all.subarray(end + 4) };
}
