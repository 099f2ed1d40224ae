import { createReadStream, readFileSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fetch, type BodyInit, type Response } from 'undici';
import { blobPath, INDEX, MANIFEST, onlyImage, type Descriptor, type Manifest } from './oci-layout.js';
import { pullImage, RegistryRefusal } from './pull-image.js';
import type { RegistryDoor } from './registry-door.js';
import type { RegistryAction } from './registry-token.js';

const CALL_MS = 30_000;
const BLOB_MS = 5 * 60_000;
const AGAIN_MS = [500, 2_000] as const;
/** Answers by which a registry says that it deletes nothing, or not for us. */
const KEEPS_ALL: readonly number[] = [400, 401, 403, 405, 501];
const MANIFESTS = [MANIFEST, INDEX, 'application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.distribution.manifest.list.v2+json'].join(', ');

interface Call {
  actions: readonly RegistryAction[];
  headers?: Record<string, string>;
  /** Made anew where it is sent again. */
  body?: () => BodyInit;
  deadlineMs?: number;
}

/** Moves images between a registry of the operator's and OCI layouts in folders. It is not guarded: no user has named it. Throws `RegistryRefusal`, or what kept it from being reached. */
export class RegistryTransfer {
  constructor(private readonly door: RegistryDoor) {}

  /** Puts an image into a layout, and answers its digest; null where the registry does not have it. */
  async pull(repository: string, reference: string, folder: string, signal: AbortSignal): Promise<string | null> {
    const read = (path: string, accept: string | null, deadlineMs: number): Promise<Response> =>
      this.#call('GET', repository, path, { actions: ['pull'], headers: accept ? { accept } : {}, deadlineMs }, signal);
    return pullImage(read, reference, folder, signal).catch((error: unknown) => {
      if (error instanceof RegistryRefusal && error.status === 404) return null;
      throw error;
    });
  }

  /** The digest that a tag stands for now; null where the registry does not have it. */
  async digestOf(repository: string, reference: string, signal: AbortSignal): Promise<string | null> {
    const response = await this.#call('HEAD', repository, `manifests/${reference}`, { actions: ['pull'], headers: { accept: MANIFESTS } }, signal);
    if (response.status === 404) return done(response, 404).then(() => null);
    await done(response);
    return response.headers.get('docker-content-digest');
  }

  /** Pushes the one image of a layout under the tags, and answers its digest. */
  async push(folder: string, repository: string, tags: readonly string[], signal: AbortSignal): Promise<string> {
    const top = onlyImage(folder);
    await this.#pushManifest(folder, repository, top, [top.digest, ...tags], signal);
    return top.digest;
  }

  /** Takes an image out, with its tags; one that is not there is none to take out. False where the registry deletes nothing, or not for us. */
  async remove(repository: string, digest: string, signal: AbortSignal): Promise<boolean> {
    const response = await this.#call('DELETE', repository, `manifests/${digest}`, { actions: ['pull', 'delete'] }, signal);
    await done(response, 404, ...KEEPS_ALL);
    return !KEEPS_ALL.includes(response.status);
  }

  async #pushManifest(folder: string, repository: string, { mediaType, digest }: Descriptor, names: readonly string[], signal: AbortSignal): Promise<void> {
    const content = readFileSync(blobPath(folder, digest));
    const { config, layers = [], manifests = [] } = JSON.parse(content.toString()) as Manifest;
    for (const inner of manifests) await this.#pushManifest(folder, repository, inner, [inner.digest], signal);
    for (const blob of [...(config ? [config] : []), ...layers]) await this.#upload(repository, blob.digest, folder, signal);
    for (const name of names) await done(await this.#call('PUT', repository, `manifests/${name}`, { actions: ['pull', 'push'], headers: { 'content-type': mediaType }, body: () => content }, signal));
  }

  async #upload(repository: string, digest: string, folder: string, signal: AbortSignal): Promise<void> {
    const known = await this.#call('HEAD', repository, `blobs/${digest}`, { actions: ['pull', 'push'] }, signal);
    await known.body?.cancel();
    if (known.ok) return;
    const begun = await this.#call('POST', repository, 'blobs/uploads/', { actions: ['pull', 'push'] }, signal);
    await done(begun);
    const location = new URL(begun.headers.get('location') ?? '', this.door.base);
    if (location.host !== this.door.base.host) throw new Error('The registry sends an upload elsewhere');
    // Behind a proxy that ends TLS it may not know that it is spoken to by it.
    location.protocol = this.door.base.protocol;
    location.searchParams.set('digest', digest);
    const path = blobPath(folder, digest);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(statSync(path).size) };
    await done(await this.#call('PUT', repository, location, { actions: ['pull', 'push'], headers, body: () => Readable.toWeb(createReadStream(path)) as never, deadlineMs: BLOB_MS }, signal));
  }

  /** What may come right by itself is tried again. */
  async #call(method: string, repository: string, path: string | URL, call: Call, signal: AbortSignal): Promise<Response> {
    for (const wait of AGAIN_MS) {
      try {
        const response = await this.#once(method, repository, path, call, signal);
        if (response.status < 500 && response.status !== 429) return response;
        await response.body?.cancel();
      } catch {
        signal.throwIfAborted();
      }
      await delay(wait, undefined, { signal });
    }
    return this.#once(method, repository, path, call, signal);
  }

  async #once(method: string, repository: string, path: string | URL, { actions, headers, body, deadlineMs = CALL_MS }: Call, signal: AbortSignal): Promise<Response> {
    const url = typeof path === 'string' ? new URL(`/v2/${repository}/${path}`, this.door.base) : path;
    const ask = { repository, actions };
    const send = (authorization: string | null): Promise<Response> =>
      fetch(url, {
        method,
        headers: { ...headers, ...(authorization !== null && { authorization }) },
        ...(body && { body: body(), duplex: 'half' as const }),
        ...(this.door.dispatcher && { dispatcher: this.door.dispatcher }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
      });
    const first = await send(this.door.authorization(ask));
    if (first.status !== 401) return first;
    const given = await this.door.answer(first.headers.get('www-authenticate'), ask, signal);
    if (given === null) return first;
    await first.body?.cancel();
    return send(given);
  }
}

async function done(response: Response, ...alsoFine: readonly number[]): Promise<void> {
  await response.body?.cancel();
  if (!response.ok && !alsoFine.includes(response.status)) throw new RegistryRefusal(response.status);
}
