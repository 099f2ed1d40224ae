import type { Home } from '../home.js';
import { Problem } from '../problem.js';
import type { Surroundings } from '../surroundings.js';

/** The server that a command talks to, and as whom. */
export interface Session {
  readonly url: string;
  readonly token: string;
}

/** APEX_URL with APEX_TOKEN where they are set, else what `up` left in the home. */
export function findSession({ env }: Surroundings, home: Home): Session {
  if (env.APEX_URL || env.APEX_TOKEN) {
    if (!env.APEX_URL || !env.APEX_TOKEN) throw new Problem('APEX_URL and APEX_TOKEN belong together: set both, or neither to use the installation on this machine.');
    return { url: env.APEX_URL.replace(/\/+$/, ''), token: env.APEX_TOKEN };
  }
  if (home.credentials) return home.credentials;
  throw new Problem(`There are no credentials in ${home.credentialsFile}: start the installation with "./apex up", or set APEX_URL and APEX_TOKEN to use another one.`);
}
