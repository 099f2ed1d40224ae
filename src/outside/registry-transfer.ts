import { createReadStream, readFileSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fetch, type Response } from 'undici';
import { blobPath, indexOf, type Descriptor, type Manifest } from './oci-layout.js';
import { pullImage, RegistryRefusal } from './pull-image.js';

const CALL_MS = 30_000;
const BLOB_MS = 5 * 60_000;

/** Moves images between the node's own registry and OCI layouts in folders. The registry is the operator's, so it is not guarded. */
export class RegistryTransfer {
  constructor(private readonly registry: URL) {}

  /** Puts an image into a layout, and answers its digest; null where the registry does not have it. */
  async pull(repository: string, reference: string, folder: string, signal: AbortSignal): Promise<string | null> {
    const read = (path: string, accept: string | null, deadlineMs: number): Promise<Response> =>
      fetch(new URL(`/v2/${repository}/${path}`, this.registry), { headers: accept ? { accept } : {}, signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]) });
    return pullImage(read, reference, folder, signal).catch((error: unknown) => {
      if (error instanceof RegistryRefusal && error.status === 404) return null;
      throw error;
    });
  }

  /** Pushes the one image of a layout under the tags, and answers its digest. */
  async push(folder: string, repository: string, tags: readonly string[], signal: AbortSignal): Promise<string> {
    const { manifests: [top, ...more] = [] } = indexOf(folder);
    if (!top || more.length > 0) throw new Error('A build makes one image');
    await this.#pushManifest(folder, repository, top, [top.digest, ...tags], signal);
    return top.digest;
  }

  /** Takes an image out, with its tags; one that is not there is none to take out. */
  async remove(repository: string, digest: string, signal: AbortSignal): Promise<void> {
    const response = await this.#call('DELETE', `${repository}/manifests/${digest}`, {}, signal);
    if (response.status !== 404) await done(response);
    else await response.body?.cancel();
  }

  async #pushManifest(folder: string, repository: string, { mediaType, digest }: Descriptor, names: readonly string[], signal: AbortSignal): Promise<void> {
    const content = readFileSync(blobPath(folder, digest));
    const { config, layers = [], manifests = [] } = JSON.parse(content.toString()) as Manifest;
    for (const inner of manifests) await this.#pushManifest(folder, repository, inner, [inner.digest], signal);
    for (const blob of [...(config ? [config] : []), ...layers]) await this.#upload(repository, blob.digest, folder, signal);
    for (const name of names) await done(await this.#call('PUT', `${repository}/manifests/${name}`, { headers: { 'content-type': mediaType }, body: content }, signal));
  }

  async #upload(repository: string, digest: string, folder: string, signal: AbortSignal): Promise<void> {
    const known = await this.#call('HEAD', `${repository}/blobs/${digest}`, {}, signal);
    await known.body?.cancel();
    if (known.ok) return;
    const begun = await this.#call('POST', `${repository}/blobs/uploads/`, {}, signal);
    await done(begun);
    const location = new URL(begun.headers.get('location') ?? '', this.registry);
    if (location.origin !== this.registry.origin) throw new Error('The registry sends an upload elsewhere');
    location.searchParams.set('digest', digest);
    const path = blobPath(folder, digest);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(statSync(path).size) };
    await done(await fetch(location, { method: 'PUT', headers, body: Readable.toWeb(createReadStream(path)) as never, duplex: 'half', signal: AbortSignal.any([signal, AbortSignal.timeout(BLOB_MS)]) }));
  }

  async #call(method: string, path: string, more: { headers?: Record<string, string>; body?: Buffer }, signal: AbortSignal): Promise<Response> {
    return fetch(new URL(`/v2/${path}`, this.registry), { method, ...more, signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]) });
  }
}

async function done(response: Response): Promise<void> {
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The registry answered with ${response.status}`);
}
