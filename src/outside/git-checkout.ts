import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { refusal, type GuardedFetch } from './guarded-fetch.js';
import type { RegistryLogin } from './image-registry.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEADLINE_MS = 5 * 60_000;
/** No file that git writes may be larger. */
const LARGEST_FILE_BYTES = 4 * 1024 ** 3;
const KEPT_STDERR = 8_192;
const LARGEST_ATTRIBUTES = 1024 * 1024;

/** A commit could not be fetched. The message is for the user and holds no secret. */
export class CheckoutFailed extends Error {
  override readonly name = 'CheckoutFailed';
}

export interface CheckoutWish {
  /** `https://github.com/acme/web.git`; plain http only where the operator allows the host. */
  url: URL;
  branch: string;
  /** Null: the branch's newest. */
  commit: string | null;
  /** Empty, and nobody else's. */
  folder: string;
  login: RegistryLogin | null;
  signal: AbortSignal;
}

export interface Checkout {
  commit: string;
  /** What of the repository is not there, in sentences. */
  warnings: string[];
}

/**
 * Fetches one commit into a folder, without its history. The address that the guard has checked is the one that is
 * connected to, no redirect is followed, no hook or filter runs, and the credential is in no argument and no file.
 * Throws `CheckoutFailed`, or the signal's reason.
 */
export async function checkOut(guard: GuardedFetch, wish: CheckoutWish): Promise<Checkout> {
  const { url, folder, login } = wish;
  const pinned = await addressesOf(guard, url);
  const settings: [string, string][] = [
    ['protocol.allow', 'never'],
    [`protocol.${url.protocol.slice(0, -1)}.allow`, 'always'],
    ['http.followRedirects', 'false'],
    ['http.lowSpeedLimit', '1000'],
    ['http.lowSpeedTime', '30'],
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['credential.helper', ''],
    ['submodule.recurse', 'false'],
    ['advice.detachedHead', 'false'],
    ['init.defaultBranch', 'main'],
    ...(pinned ? [['http.curloptResolve', pinned] as [string, string]] : []),
    ...(login ? [['http.extraHeader', `Authorization: Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`] as [string, string]] : []),
  ];
  const git = (...args: string[]) => runGit(args, folder, settings, wish.signal);
  await git('init', '--quiet');
  const fetched = await git('fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', url.href, wish.commit ?? `refs/heads/${wish.branch}`);
  if (fetched.code !== 0) throw new CheckoutFailed(whyNot(fetched.stderr, wish));
  const checkedOut = await git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
  if (checkedOut.code !== 0) throw new CheckoutFailed(`The commit cannot be checked out: ${lastLine(checkedOut.stderr)}`);
  const { stdout } = await git('rev-parse', 'HEAD');
  rmSync(join(folder, '.git'), { recursive: true, force: true });
  return { commit: stdout.trim(), warnings: warningsOf(folder) };
}

/** `host:port:address,address` where the host is a name that the guard has looked up; null where the operator allows it as it is. */
async function addressesOf(guard: GuardedFetch, url: URL): Promise<string | null> {
  if (url.protocol !== 'https:' && !guard.allows(url)) throw new CheckoutFailed(`${url.host} is asked without encryption only where an operator allows it with APEX_ALLOWED_INTERNAL.`);
  try {
    const addresses = await guard.resolve(url);
    return addresses && `${url.hostname}:${url.port || 443}:${addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',')}`;
  } catch (error) {
    throw new CheckoutFailed(refusal(error)?.message ?? `${url.host} has no address.`);
  }
}

interface GitEnd {
  code: number;
  stdout: string;
  stderr: string;
}

function runGit(args: readonly string[], folder: string, settings: readonly (readonly [string, string])[], signal: AbortSignal): Promise<GitEnd> {
  signal.throwIfAborted();
  const env: Record<string, string> = {
    PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '/bin/false', GIT_LFS_SKIP_SMUDGE: '1', GIT_CEILING_DIRECTORIES: folder,
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [n, [key, value]] of settings.entries()) Object.assign(env, { [`GIT_CONFIG_KEY_${n}`]: key, [`GIT_CONFIG_VALUE_${n}`]: value });
  return new Promise((resolve, reject) => {
    const child = spawn('prlimit', [`--fsize=${LARGEST_FILE_BYTES}`, 'git', ...args], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = { stdout: '', stderr: '' };
    const stop = (): void => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    };
    const within = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    within.addEventListener('abort', stop, { once: true });
    child.stdout.on('data', (data: Buffer) => (end.stdout = (end.stdout + data.toString()).slice(-KEPT_STDERR)));
    child.stderr.on('data', (data: Buffer) => (end.stderr = (end.stderr + data.toString()).slice(-KEPT_STDERR)));
    child.on('error', () => reject(new CheckoutFailed('The server cannot run git: install the package git on its machine.')));
    child.on('close', (code) => {
      within.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason as Error);
      else if (within.aborted) reject(new CheckoutFailed(`The repository did not come within ${DEADLINE_MS / 60_000} minutes.`));
      else resolve({ code: code ?? 1, stdout: end.stdout, stderr: end.stderr });
    });
  });
}


/** git's own sentence quotes the address and never a credential, for that is not in the address. */
function whyNot(stderr: string, { url, commit, branch, login }: CheckoutWish): string {
  const name = `${url.host}${url.pathname.replace(/\.git$/, '')}`;
  if (/Authentication failed|could not read Username|terminal prompts disabled|\b40[13]\b|[Rr]epository not found|\b404\b/.test(stderr)) {
    const todo = login ? 'the credential that the team has for it is refused, or may not read it: set it anew' : `if it is private, give the team a credential for ${url.host} (POST /api/registry-credentials, with an access token that may read it as the password)`;
    return `The repository ${name} does not exist or may not be read; ${todo}.`;
  }
  if (/couldn't find remote ref|not our ref|upload-pack: not our ref/.test(stderr)) return commit ? `The repository ${name} has no commit ${commit} any more.` : `The repository ${name} has no branch ${branch}.`;
  if (/redirect/i.test(stderr)) return `The repository ${name} has moved: its address answers with a redirect. Set source.repository to its new name.`;
  return `The repository ${name} cannot be fetched: ${lastLine(stderr)}`;
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) || 'git does not say why.';

function warningsOf(folder: string): string[] {
  const warnings: string[] = [];
  const attributes = join(folder, '.gitattributes');
  const isReadable = existsSync(attributes) && lstatSync(attributes).isFile() && lstatSync(attributes).size < LARGEST_ATTRIBUTES;
  if (isReadable && /\bfilter=lfs\b/.test(readFileSync(attributes, 'utf8'))) warnings.push('The repository keeps files in Git LFS: they are left out, and in their places are the pointers to them.');
  if (existsSync(join(folder, '.gitmodules'))) warnings.push('The repository has submodules: they are left out, and their folders are empty.');
  return warnings;
}
