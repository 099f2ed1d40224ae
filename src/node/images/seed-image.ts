import type { ImageRecipe } from '../node-images.js';
import type { RootOptions } from './debian-root.js';

/** An image that is made here and answers to a public image's name. */
export interface SeedImage {
  /** The full names, registry first, under which it is found. */
  readonly names: readonly string[];
  /** Made only where it is asked for by its name in the catalogue: no test of every day needs it. */
  readonly isExtra?: true;
  /** Fills the root folder. */
  prepare(root: string, options: RootOptions): Promise<void>;
  readonly recipe: Omit<ImageRecipe, 'name' | 'dirs' | 'files'>;
}

export const PATH_VARIABLE = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
