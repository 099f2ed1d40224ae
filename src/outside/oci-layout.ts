import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
const DIGEST = /^sha256:[a-f0-9]{64}$/;

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os?: string; architecture?: string };
}
export interface Manifest {
  mediaType?: string;
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: Descriptor[];
}

export const digestOf = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** Where a blob is in the layout of a folder. Throws where the digest is none. */
export function blobPath(folder: string, digest: string): string {
  if (!DIGEST.test(digest)) throw new Error('An image names a blob in a way that is not known');
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  return join(blobs, digest.slice('sha256:'.length));
}

export const putBlob = (folder: string, digest: string, content: Buffer): void => writeFileSync(blobPath(folder, digest), content);

/** What the layout of a folder holds; nothing where there is none. */
export function indexOf(folder: string): Manifest {
  const path = join(folder, 'index.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : {};
}

/** The one image of a layout. Throws where there are others, or none. */
export function onlyImage(folder: string): Descriptor {
  const { manifests: [image, ...more] = [] } = indexOf(folder);
  if (!image || more.length > 0) throw new Error('A build makes one image');
  return image;
}

export function addToLayout(folder: string, descriptor: Descriptor): void {
  const { manifests = [] } = indexOf(folder);
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [...manifests, descriptor] }));
}
