import type { BuildRequest } from '../../entities/build.js';

/** Of the installation's own host, or by https of another. */
export function repositoryUrl(gitUrl: string, { host, repository }: Pick<BuildRequest, 'host' | 'repository'>): URL {
  const base = host === undefined || host === new URL(gitUrl).host ? gitUrl.replace(/\/$/, '') : `https://${host}`;
  return new URL(`${base}/${repository}.git`);
}
