import { createAppAuth } from '@octokit/auth-app';
import { githubClient, GithubRefusal, named, told } from './github-client.js';
import type { GuardedFetch } from './guarded-fetch.js';
import type { RegistryLogin } from './image-registry.js';

const USERNAME = /^app\/([1-9]\d{0,15}|Iv[\w.]{1,60})$/;
const KEPT = 500;
/** A token is asked for anew so long before its end. */
const MARGIN_MS = 5 * 60_000;

/** Whether a credential is the key of a GitHub App: `app/<id>` with the private key as its password. */
export const isAppKey = ({ username }: Pick<RegistryLogin, 'username'>): boolean => USERNAME.test(username);

type Permissions = Record<string, 'read' | 'write'>;

/** Tokens of GitHub Apps for one repository each, where the app is installed. They hold for an hour and are kept meanwhile, in memory alone. */
export class GithubApps {
  readonly #kept = new Map<string, { token: string; until: number }>();

  constructor(
    private readonly baseUrl: string,
    private readonly guard: GuardedFetch,
  ) {}

  /**
   * A token for `owner/name`. `login` has an `id` that is another for each password. Without `permissions` it may whatever
   * the app may. Throws `GithubRefusal`.
   */
  async token(login: RegistryLogin & { id: string }, repository: string, permissions: Permissions | null, signal?: AbortSignal): Promise<string> {
    const key = [login.id, repository.toLowerCase(), JSON.stringify(permissions)].join(' ');
    const known = this.#kept.get(key);
    if (known && known.until > Date.now()) return known.token;
    const { token, expiresAt } = await this.#ask(login, repository, permissions, signal);
    this.#kept.delete(key);
    this.#kept.set(key, { token, until: Date.parse(expiresAt) - MARGIN_MS });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return token;
  }

  async #ask({ username, password }: RegistryLogin, repository: string, permissions: Permissions | null, signal?: AbortSignal): Promise<{ token: string; expiresAt: string }> {
    const client = githubClient(this.baseUrl, this.guard, { token: null, isPaced: false, signal });
    const auth = createAppAuth({ appId: USERNAME.exec(username)?.[1] ?? '', privateKey: password, request: client.request });
    const { token: own } = await auth({ type: 'app' }).catch(() => {
      throw new GithubRefusal('The key of the GitHub App is not a private key in PEM.', true);
    });
    const { data } = await told(client.request('GET /repos/{owner}/{repo}/installation', { ...named(repository), headers: { authorization: `Bearer ${own}` } }));
    return told(auth({ type: 'installation', installationId: data.id, repositoryNames: [named(repository).repo], ...(permissions && { permissions }), refresh: true }));
  }
}
