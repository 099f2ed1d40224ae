import type { GitEnd } from './run-git.js';

type Git = (...args: string[]) => Promise<GitEnd>;

/** A repository within another, at the commit that the other names. */
export interface Submodule {
  /** Of its folder, seen from the root. */
  path: string;
  commit: string;
  /** Null for an address that is not asked. */
  url: URL | null;
}

const LINK = /^160000 commit ([0-9a-f]{40,64})\t(.+)$/s;
/** `git@github.com:acme/lib.git`, which is a path behind a host and no URL. */
const SCP = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/;

/** Those of the commit that is checked out in the repository at `url`. */
export async function submodulesOf(git: Git, url: URL): Promise<Submodule[]> {
  const addresses = await addressesByPath(git);
  if (addresses.size === 0) return [];
  const { stdout } = await git('--literal-pathspecs', 'ls-tree', '-z', 'HEAD', '--', ...addresses.keys());
  return stdout.split('\0').flatMap((entry) => {
    const [, commit, path] = LINK.exec(entry) ?? [];
    const address = path && addresses.get(path);
    return commit && address ? [{ path, commit, url: addressOf(address, url) }] : [];
  });
}

/** As .gitmodules has them. */
async function addressesByPath(git: Git): Promise<Map<string, string>> {
  const { stdout } = await git('config', '--blob', 'HEAD:.gitmodules', '-z', '--get-regexp', '^submodule\\..*\\.(path|url)$');
  const byName = new Map<string, { path?: string; url?: string }>();
  for (const entry of stdout.split('\0')) {
    const [, name, what, value] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(entry) ?? [];
    if (name !== undefined) byName.set(name, { ...byName.get(name), [what as 'path' | 'url']: value });
  }
  return new Map([...byName.values()].flatMap(({ path, url }) => (path !== undefined && url !== undefined ? [[path, url] as [string, string]] : [])));
}

/** Where a submodule is asked for: what is written for ssh is asked by https, of the same host, with the credential for it. */
function addressOf(text: string, parent: URL): URL | null {
  if (/^\.\.?\//.test(text)) return fromParent(text, parent);
  const [, host, path] = text.includes('://') ? [] : (SCP.exec(text) ?? []);
  if (host && path) return secure(host, path);
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol === 'ssh:') return secure(url.hostname, url.pathname);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  // A credential in an address would be in the repository for all to see; it is not used.
  return Object.assign(url, { username: '', password: '', hash: '' });
}

/** Relative to the repository, as if that were a folder. */
function fromParent(text: string, parent: URL): URL | null {
  const url = new URL(text, `${parent.href}/`);
  return url.origin === parent.origin ? url : null;
}

function secure(host: string, path: string): URL | null {
  const text = `https://${host}/${path.replace(/^\/+/, '')}`;
  return URL.canParse(text) ? new URL(text) : null;
}
