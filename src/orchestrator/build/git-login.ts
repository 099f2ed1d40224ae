import type { EntityManager } from '@mikro-orm/postgresql';
import { isAppKey, type GithubApps } from '../../outside/github-app.js';
import { githubHost } from '../../outside/github-api.js';
import { GithubRefusal } from '../../outside/github-client.js';
import type { RegistryLogin } from '../../outside/image-registry.js';
import { CheckoutFailed } from '../../outside/run-git.js';
import type { Vault } from '../../vault/vault.js';
import { registryLogin } from '../service/registry-login.js';

export interface GitLogins {
  vault: Pick<Vault, 'open'>;
  apps: GithubApps;
  /** GitHub's API, which knows the apps. */
  apiUrl: string;
}

/** A team's way to a repository: its credential for the host, or a token for that one repository by the key of its GitHub App. Throws `CheckoutFailed`. */
export async function gitLogin({ vault, apps, apiUrl }: GitLogins, em: EntityManager, teamId: string, url: URL, signal: AbortSignal): Promise<RegistryLogin | null> {
  const login = await registryLogin(em, vault, teamId, url.host);
  if (!login || !isAppKey(login)) return login;
  if (url.host !== githubHost(apiUrl)) throw new CheckoutFailed(`The team's credential for ${url.host} is the key of a GitHub App, and those are known on ${githubHost(apiUrl)} alone: give the team an access token for ${url.host}.`);
  const repository = url.pathname.replace(/^\/|\.git$/g, '');
  try {
    return { username: 'x-access-token', password: await apps.token(login, repository, { contents: 'read' }, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof GithubRefusal)) throw error;
    throw new CheckoutFailed(`GitHub gives the team's app no token for ${repository} (${error.message}): look whether the app is installed there and may read contents, and whether its key is the right one.`);
  }
}
