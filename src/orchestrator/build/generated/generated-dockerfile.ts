import { goDockerfile } from './go-project.js';
import { nodeDockerfile } from './node-project.js';
import { pythonDockerfile } from './python-project.js';
import type { ProjectImages, GeneratedDockerfile, UnclearProject } from './project.js';
import type { SourceFolder } from './source-folder.js';
import { staticDockerfile } from './static-site.js';

const USUAL: ProjectImages = { node: 'node:{version}-slim', python: 'python:{version}-slim', go: 'golang:alpine', static: 'nginx:alpine' };

/** Those of a setting like `node=…,static=…`, and the usual ones for the rest. */
export const projectImagesOf = (setting: readonly string[]): ProjectImages => ({ ...USUAL, ...Object.fromEntries(setting.map((item) => item.split('=') as [string, string])) });

/** In this order: a Go or Python server may have a package.json for its front end, and an index.html is among the files of many. */
const KINDS = [goDockerfile, pythonDockerfile, nodeDockerfile, staticDockerfile];

/** What is looked for, for those who have none of it. */
export const LOOKED_FOR = 'go.mod (Go), requirements.txt or pyproject.toml (Python), package.json (Node), index.html or public/index.html (a static site)';

/** A Dockerfile for a project that brings none; null for one of no kind that is known. `name`: the service's. */
export function generateDockerfile(folder: SourceFolder, images: ProjectImages, name: string): GeneratedDockerfile | UnclearProject | null {
  for (const generate of KINDS) {
    const found = generate(folder, images, name);
    if (found) return found;
  }
  return null;
}
