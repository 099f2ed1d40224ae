import { busyboxImage } from './busybox.js';
import { nginxImage } from './nginx.js';
import type { SeedImage } from './seed-image.js';

/** All images that can be made here; a database's image is one more file beside these and one more row. */
export const SEED_IMAGES: Readonly<Record<string, SeedImage>> = { busybox: busyboxImage, nginx: nginxImage };
