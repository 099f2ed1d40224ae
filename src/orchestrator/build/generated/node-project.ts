import { dockerfileOf, inVersion, plainCommand, procfileCommand, shellCommand } from './dockerfile-words.js';
import type { ProjectImages, GeneratedDockerfile, UnclearProject } from './project.js';
import type { SourceFolder } from './source-folder.js';
import { pageServer } from './static-site.js';

const DEFAULT_VERSION = '24';
/** Files that are a program to start where nothing else says so. */
const PROGRAMS = ['server.js', 'index.js', 'app.js', 'main.js', 'server.mjs', 'index.mjs'];
/** Tools that make pages and no server, and the folder that they put them in. */
const PAGE_MAKERS: Readonly<Record<string, string>> = { vite: 'dist', 'react-scripts': 'build', astro: 'dist', parcel: 'dist', '@11ty/eleventy': '_site' };
/** Scripts that npm runs by itself when it installs; they may want any file. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

interface PackageJson {
  main?: unknown;
  packageManager?: unknown;
  workspaces?: unknown;
  engines?: { node?: unknown };
  scripts?: Record<string, unknown>;
  dependencies?: Record<string, unknown>;
  devDependencies?: Record<string, unknown>;
}

const LOCAL = /^(file|link|portal|workspace):|^\.{0,2}\//;

interface PackageManager {
  name: 'npm' | 'pnpm' | 'yarn';
  /** What it reads beside package.json. */
  files: string[];
  install: string;
  /** Leaves out what only a build needs; null where that takes another install. */
  prune: string | null;
}

/** A project with a package.json: a server, or pages that a tool makes. */
export function nodeDockerfile(folder: SourceFolder, images: ProjectImages): GeneratedDockerfile | UnclearProject | null {
  const text = folder.read('package.json');
  if (text === null) return null;
  const project = parse(text);
  if (!project) return { unclear: 'package.json is not valid JSON.' };
  const manager = managerOf(folder, project);
  const builds = typeof project.scripts?.build === 'string';
  const image = inVersion(images.node, versionOf(folder, project));
  const build = [
    `FROM ${image} AS build`,
    'WORKDIR /app',
    manager.name === 'npm' ? null : 'RUN npm install --global corepack && corepack enable',
    // What is installed stays in the cache until these files change.
    ...(wantsAllFiles(project) ? ['COPY . .', `RUN ${manager.install}`] : [`COPY package.json ${manager.files.join(' ')} ./`.replace(/ +/g, ' '), `RUN ${manager.install}`, 'COPY . .']),
    builds ? `RUN ${manager.name} run build` : null,
  ];
  const start = startOf(folder, project, manager);
  const pages = builds ? Object.entries(PAGE_MAKERS).find(([tool]) => project.dependencies?.[tool] !== undefined || project.devDependencies?.[tool] !== undefined) : undefined;
  if (!start && pages) {
    const [tool, output] = pages;
    return { kind: `a Node project (package.json) whose pages ${tool} makes`, dockerfile: dockerfileOf(build, [`FROM ${images.static}`, `COPY --from=build /app/${output} /usr/share/nginx/html`, ...pageServer('/index.html')]) };
  }
  if (!start) {
    return { unclear: `It is not clear how the Node project is started: add a "start" script to package.json, a Procfile with a line "web: …", or a Dockerfile. Looked for: those, "main" of package.json, ${PROGRAMS.join(', ')}.` };
  }
  const run = [`FROM ${image}`, 'WORKDIR /app', 'ENV NODE_ENV=production', manager.name === 'npm' ? null : 'RUN npm install --global corepack && corepack enable', 'COPY --from=build --chown=node:node /app /app', 'USER node', start];
  return { kind: 'a Node project (package.json)', dockerfile: dockerfileOf([...build, manager.prune && `RUN ${manager.prune}`], run) };
}

function parse(text: string): PackageJson | null {
  try {
    const project: unknown = JSON.parse(text);
    return typeof project === 'object' && project !== null && !Array.isArray(project) ? (project as PackageJson) : null;
  } catch {
    return null;
  }
}

/** The first number of a version that is asked for. */
function versionOf(folder: SourceFolder, { engines }: PackageJson): string {
  const asked = [folder.read('.nvmrc'), folder.read('.node-version'), typeof engines?.node === 'string' ? engines.node : null];
  for (const text of asked) {
    const major = /^[\s^~>=v]*(\d{1,3})\b/.exec(text ?? '')?.[1];
    if (major) return major;
  }
  return DEFAULT_VERSION;
}

function managerOf(folder: SourceFolder, { packageManager }: PackageJson): PackageManager {
  const own = (...files: string[]): string[] => files.filter((file) => folder.has(file));
  const named = typeof packageManager === 'string' ? packageManager.split('@')[0] : null;
  if (folder.has('pnpm-lock.yaml') || named === 'pnpm') {
    return { name: 'pnpm', files: own('pnpm-lock.yaml', '.npmrc'), install: `pnpm install${folder.has('pnpm-lock.yaml') ? ' --frozen-lockfile' : ''}`, prune: 'CI=true pnpm prune --prod' };
  }
  if (folder.has('yarn.lock') || named === 'yarn') {
    const frozen = folder.has('.yarnrc.yml') ? ' --immutable' : ' --frozen-lockfile';
    return { name: 'yarn', files: own('yarn.lock', '.yarnrc', '.yarnrc.yml', '.npmrc'), install: `yarn install${folder.has('yarn.lock') ? frozen : ''}`, prune: null };
  }
  const locks = own('package-lock.json', 'npm-shrinkwrap.json');
  return { name: 'npm', files: [...locks, ...own('.npmrc')], install: locks.length > 0 ? 'npm ci' : 'npm install', prune: 'npm prune --omit=dev' };
}

/** Where package.json and the locks do not suffice to install: a dependency may be in a folder of the project. */
const wantsAllFiles = ({ workspaces, scripts, dependencies, devDependencies }: PackageJson): boolean =>
  workspaces !== undefined ||
  INSTALL_SCRIPTS.some((name) => scripts?.[name] !== undefined) ||
  Object.values({ ...dependencies, ...devDependencies }).some((version) => typeof version === 'string' && LOCAL.test(version));

function startOf(folder: SourceFolder, { main, scripts }: PackageJson, { name }: PackageManager): string | null {
  const procfile = procfileCommand(folder);
  if (procfile) return shellCommand(procfile);
  if (typeof scripts?.start === 'string') return plainCommand(name, 'start');
  const program = [typeof main === 'string' ? main.replace(/^\.\//, '') : '', ...PROGRAMS].find((file) => file !== '' && folder.has(file));
  return program === undefined ? null : plainCommand('node', program);
}
