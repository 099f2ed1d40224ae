import { existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { refusal, type GuardedFetch } from './guarded-fetch.js';
import { submodulesOf, type Submodule } from './git-submodules.js';
import type { RegistryLogin } from './image-registry.js';
import { CheckoutFailed, runGit } from './run-git.js';

const LARGEST_ATTRIBUTES = 1024 * 1024;
const MOST_SUBMODULES = 50;
const DEEPEST = 5;
const LFS = 'The repository keeps files in Git LFS: they are left out, and in their places are the pointers to them.';

export interface CheckoutWish {
  /** `https://github.com/acme/web.git`; plain http only where the operator allows the host. */
  url: URL;
  branch: string;
  /** Null: the branch's newest. */
  commit: string | null;
  /** Empty, and nobody else's. */
  folder: string;
  /** The credential for a repository, where there is one; asked for its submodules too. */
  login: (url: URL) => Promise<RegistryLogin | null>;
  signal: AbortSignal;
}

export interface Checkout {
  commit: string;
  /** What of the repository is not there, in sentences. */
  warnings: string[];
}

/**
 * Fetches one commit into a folder, without its history, and its submodules at the commits that it names. The addresses that
 * the guard has checked are those that are connected to, no redirect is followed, no hook or filter runs, and a credential is
 * in no argument and no file. Throws `CheckoutFailed`, or the signal's reason.
 */
export async function checkOut(guard: GuardedFetch, wish: CheckoutWish): Promise<Checkout> {
  const left = { submodules: MOST_SUBMODULES };
  const one = async (within: CheckoutWish, login: RegistryLogin | null, depth: number): Promise<Checkout> => {
    const { commit, submodules } = await checkOutOne(guard, within, login);
    const warnings = isLfs(within.folder) ? [LFS] : [];
    for (const { path, commit: wanted, url } of submodules) {
      if ((left.submodules -= 1) < 0 || depth >= DEEPEST) throw new CheckoutFailed(`The repository has more than ${MOST_SUBMODULES} submodules, or more than ${DEEPEST} within each other.`);
      if (!url) throw new CheckoutFailed(`The submodule ${path} cannot be fetched: its address in .gitmodules is neither https, nor ssh to a host that can be asked by https, nor relative.`);
      const folder = join(within.folder, path);
      const fetched = await one({ ...within, url, commit: wanted, folder }, await wish.login(url), depth + 1).catch((error: unknown) => {
        throw error instanceof CheckoutFailed ? new CheckoutFailed(`The submodule ${path} cannot be fetched. ${error.message}`) : error;
      });
      warnings.push(...fetched.warnings);
    }
    return { commit, warnings: [...new Set(warnings)] };
  };
  return one(wish, await wish.login(wish.url), 0);
}

async function checkOutOne(guard: GuardedFetch, wish: CheckoutWish, login: RegistryLogin | null): Promise<{ commit: string; submodules: Submodule[] }> {
  const { url, folder } = wish;
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
  if (fetched.code !== 0) throw new CheckoutFailed(whyNot(fetched.stderr, wish, login));
  const checkedOut = await git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
  if (checkedOut.code !== 0) throw new CheckoutFailed(`The commit cannot be checked out: ${lastLine(checkedOut.stderr)}`);
  const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
  const submodules = await submodulesOf(git, url);
  rmSync(join(folder, '.git'), { recursive: true, force: true });
  return { commit, submodules };
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

/** git's own sentence quotes the address and never a credential, for that is not in the address. */
function whyNot(stderr: string, { url, commit, branch }: CheckoutWish, login: RegistryLogin | null): string {
  const name = `${url.host}${url.pathname.replace(/\.git$/, '')}`;
  if (/Authentication failed|could not read Username|terminal prompts disabled|\b40[13]\b|[Rr]epository (not found|.* not found)|\b404\b/.test(stderr)) {
    const todo = login ? 'the credential that the team has for it is refused, or may not read it: set it anew' : `if it is private, give the team a credential for ${url.host} (POST /api/registry-credentials, with an access token that may read it as the password)`;
    return `The repository ${name} does not exist or may not be read; ${todo}.`;
  }
  if (/couldn't find remote ref|not our ref|upload-pack: not our ref/.test(stderr)) return commit ? `The repository ${name} has no commit ${commit} any more.` : `The repository ${name} has no branch ${branch}.`;
  if (/redirect/i.test(stderr)) return `The repository ${name} has moved: its address answers with a redirect. Set source.repository to its new name.`;
  return `The repository ${name} cannot be fetched: ${lastLine(stderr)}`;
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) || 'git does not say why.';

function isLfs(folder: string): boolean {
  const attributes = join(folder, '.gitattributes');
  const isReadable = existsSync(attributes) && lstatSync(attributes).isFile() && lstatSync(attributes).size < LARGEST_ATTRIBUTES;
  return isReadable && /\bfilter=lfs\b/.test(readFileSync(attributes, 'utf8'));
}
