import { DOCKER_HUB } from '../../outside/image-reference.js';
import type { RegistryLogin } from '../../outside/image-registry.js';

/** Docker Hub's name in the configuration of Docker's clients, which the kubelet reads. */
const HUB_KEY = 'https://index.docker.io/v1/';

/** Type and data of a Secret with which the kubelet pulls from a registry; without a login it pulls as anybody would. */
export function dockerConfig(registry: string, login: RegistryLogin | null): { type: string; data: Record<string, string> } {
  const { username, password } = login ?? {};
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const auths = login ? { [registry === DOCKER_HUB ? HUB_KEY : registry]: { username, password, auth } } : {};
  return { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') } };
}
