import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fetch, type Response } from 'undici';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const ACCEPTED = [MANIFEST, INDEX, 'application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.distribution.manifest.list.v2+json'].join(', ');
const DIGEST = /^sha256:[a-f0-9]{64}$/;
const CALL_MS = 30_000;
const BLOB_MS = 5 * 60_000;
const LARGEST_MANIFEST = 4 * 1024 * 1024;

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}
interface Manifest {
  mediaType?: string;
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: Descriptor[];
}

/** Moves images between the node's own registry and OCI layouts in folders. The registry is the operator's, so it is not guarded. */
export class RegistryTransfer {
  constructor(private readonly registry: URL) {}

  /** Puts an image into a layout, and answers its digest; null where the registry does not have it. */
  async pull(repository: string, reference: string, folder: string, signal: AbortSignal): Promise<string | null> {
    const response = await this.#call('GET', `${repository}/manifests/${reference}`, { headers: { accept: ACCEPTED } }, signal);
    if (response.status === 404) return (await response.body?.cancel(), null);
    const content = Buffer.from(await this.#whole(response));
    const digest = digestOf(content);
    put(folder, digest, content);
    const { config, layers = [], manifests = [] } = JSON.parse(content.toString()) as Manifest;
    for (const { digest: inner } of manifests) await this.pull(repository, inner, folder, signal);
    for (const blob of [...(config ? [config] : []), ...layers]) await this.#download(repository, blob, folder, signal);
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    const mediaType = (JSON.parse(content.toString()) as Manifest).mediaType ?? (manifests.length > 0 ? INDEX : MANIFEST);
    addToIndex(folder, { mediaType, digest, size: content.length });
    return digest;
  }

  /** Pushes the one image of a layout under the tags, and answers its digest. */
  async push(folder: string, repository: string, tags: readonly string[], signal: AbortSignal): Promise<string> {
    const { manifests: [top, ...more] = [] } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Manifest;
    if (!top || more.length > 0) throw new Error('A build makes one image');
    await this.#pushManifest(folder, repository, top, [top.digest, ...tags], signal);
    return top.digest;
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

  async #download(repository: string, { digest }: Descriptor, folder: string, signal: AbortSignal): Promise<void> {
    const path = blobPath(folder, digest);
    if (existsSync(path)) return;
    const within = AbortSignal.any([signal, AbortSignal.timeout(BLOB_MS)]);
    const response = await fetch(new URL(`/v2/${repository}/blobs/${digest}`, this.registry), { signal: within });
    if (!response.ok || !response.body) throw new Error(`The registry answered with ${response.status}`);
    const hash = createHash('sha256');
    const counted = new Transform({ transform: (chunk: Buffer, _encoding, next) => (hash.update(chunk), next(null, chunk)) });
    await pipeline(Readable.fromWeb(response.body as never), counted, createWriteStream(path));
    if (`sha256:${hash.digest('hex')}` !== digest) throw new Error('The registry sent other bytes than were asked for');
  }

  async #call(method: string, path: string, more: { headers?: Record<string, string>; body?: Buffer }, signal: AbortSignal): Promise<Response> {
    return fetch(new URL(`/v2/${path}`, this.registry), { method, ...more, signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]) });
  }

  async #whole(response: Response): Promise<ArrayBuffer> {
    if (!response.ok) throw new Error(`The registry answered with ${response.status}`);
    if (Number(response.headers.get('content-length') ?? 0) > LARGEST_MANIFEST) throw new Error('The manifest is too long');
    return response.arrayBuffer();
  }
}

async function done(response: Response): Promise<void> {
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The registry answered with ${response.status}`);
}

const digestOf = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

function blobPath(folder: string, digest: string): string {
  if (!DIGEST.test(digest)) throw new Error('An image names a blob in a way that is not known');
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  return join(blobs, digest.slice('sha256:'.length));
}

const put = (folder: string, digest: string, content: Buffer): void => writeFileSync(blobPath(folder, digest), content);

function addToIndex(folder: string, descriptor: Descriptor): void {
  const path = join(folder, 'index.json');
  const index = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : { schemaVersion: 2, manifests: [] };
  writeFileSync(path, JSON.stringify({ ...index, manifests: [...(index.manifests ?? []), descriptor] }));
}
