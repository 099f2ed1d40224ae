import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

/** A project says what it is in files far smaller than this. */
const LARGEST_BYTES = 1024 * 1024;

/** The files of a project, as far as it takes to see what it is made with. Paths are seen from its root, with `/`. */
export interface SourceFolder {
  /** Whether there is such a file. */
  has(path: string): boolean;
  /** Null where there is none, or where it is too large to be what it is taken for. */
  read(path: string): string | null;
  /** Names of what a folder holds, sorted; folders end with `/`. Empty where there is none. */
  list(path: string): string[];
}

/** Of a folder on disk. What a link leads to is not looked at: it may be outside. */
export function sourceFolder(root: string): SourceFolder {
  const real = realpathSync(root);
  const inside = (path: string) => {
    const full = join(real, path).replace(/\/$/, '');
    try {
      return realpathSync(full) === full && (full === real || full.startsWith(`${real}${sep}`)) ? { full, status: lstatSync(full) } : null;
    } catch {
      return null;
    }
  };
  const file = (path: string) => {
    const found = inside(path);
    return found?.status.isFile() ? found : null;
  };
  return {
    has: (path) => file(path) !== null,
    read(path) {
      const found = file(path);
      return found && found.status.size <= LARGEST_BYTES ? readFileSync(found.full, 'utf8') : null;
    },
    list(path) {
      const found = inside(path);
      if (!found?.status.isDirectory()) return [];
      return readdirSync(found.full, { withFileTypes: true }).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
    },
  };
}
