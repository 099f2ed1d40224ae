import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'undici';
import { addToLayout, blobPath, digestOf, INDEX, MANIFEST, putBlob, type Descriptor, type Manifest } from './oci-layout.js';

const ACCEPTED = [MANIFEST, INDEX, 'application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.distribution.manifest.list.v2+json'].join(', ');
const MANIFEST_MS = 30_000;
const BLOB_MS = 5 * 60_000;
const LARGEST_MANIFEST = 4 * 1024 * 1024;
/** As images name what this machine is. */
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

/** GET of a path under a repository: `manifests/latest`, `blobs/sha256:…`. */
export type ReadRegistry = (path: string, accept: string | null, deadlineMs: number, signal: AbortSignal) => Promise<Response>;

/** A registry did not give what was asked for. */
export class RegistryRefusal extends Error {
  override readonly name = 'RegistryRefusal';
  constructor(readonly status: number) {
    super(`The registry answered with ${status}`);
  }
}

/**
 * Puts an image into a layout, and answers its digest: of an image for several platforms, that for this machine's. What another
 * layout, `known`, has of it is not read again; whether there is such an image for us is asked all the same. Throws `RegistryRefusal`.
 */
export async function pullImage(read: ReadRegistry, reference: string, folder: string, signal: AbortSignal, known?: string): Promise<string> {
  const response = await read(`manifests/${reference}`, ACCEPTED, MANIFEST_MS, signal);
  const content = await manifestOf(response);
  const digest = digestOf(content);
  if (reference.startsWith('sha256:') && reference !== digest) throw new Error('The registry sent another manifest than was asked for');
  const { config, layers = [], manifests = [], mediaType } = JSON.parse(content.toString()) as Manifest;
  const fitting = manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === ARCHITECTURE);
  if (fitting) return pullImage(read, fitting.digest, folder, signal, known);
  putBlob(folder, digest, content);
  for (const { digest: inner } of manifests) await pullImage(read, inner, folder, signal, known);
  for (const blob of [...(config ? [config] : []), ...layers]) if (!(known && (await copied(known, blob, folder)))) await download(read, blob, folder, signal);
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  addToLayout(folder, { mediaType: mediaType ?? (manifests.length > 0 ? INDEX : MANIFEST), digest, size: content.length });
  return digest;
}

async function manifestOf(response: Response): Promise<Buffer> {
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new RegistryRefusal(response.status);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    if ((bytes += chunk.length) > LARGEST_MANIFEST) throw new Error('The manifest is too long');
  }
  return Buffer.concat(chunks);
}

/** Whether another layout had the blob. It counts only if its bytes are still the right ones. */
async function copied(known: string, { digest }: Descriptor, folder: string): Promise<boolean> {
  const path = blobPath(folder, digest);
  if (existsSync(path)) return true;
  const hash = createHash('sha256');
  try {
    await copyFile(blobPath(known, digest), path);
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    // It does not have it.
  }
  if (`sha256:${hash.digest('hex')}` === digest) return true;
  rmSync(path, { force: true });
  return false;
}

async function download(read: ReadRegistry, { digest }: Descriptor, folder: string, signal: AbortSignal): Promise<void> {
  const path = blobPath(folder, digest);
  if (existsSync(path)) return;
  const response = await read(`blobs/${digest}`, null, BLOB_MS, signal);
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new RegistryRefusal(response.status);
  }
  const hash = createHash('sha256');
  const counted = new Transform({ transform: (chunk: Buffer, _encoding, next) => (hash.update(chunk), next(null, chunk)) });
  await pipeline(Readable.fromWeb(response.body as never), counted, createWriteStream(path), { signal });
  if (`sha256:${hash.digest('hex')}` !== digest) throw new Error('The registry sent other bytes than were asked for');
}
