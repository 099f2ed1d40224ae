import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterSource } from '../kubernetes/cluster-source.js';
import type { TeamLogin } from '../service/registry-login.js';
import type { ImageHomes } from './image-homes.js';

/** What a build needs of this machine. */
export interface BuilderTools {
  /** Image of BuildKit, where the cluster pulls it from. */
  image: string;
  /** Path of the client. */
  buildctl: string;
  /** With which the cluster pulls that image; null: with nothing. */
  pull: (TeamLogin & { registry: string }) | null;
}

/** As `cluster/builder/go.mod` has it. */
export const BUILDKIT_VERSION = 'v0.34.2';
/** What another cluster than the embedded one builds with: BuildKit's own image, of the version of the client. */
const OFFICIAL_BUILDER = `docker.io/moby/buildkit:${BUILDKIT_VERSION}`;
const FILE = 'builder.json';
const CLIENT_FILE = `builder-client-${BUILDKIT_VERSION}.json`;
/** The node's program that compiles BuildKit. It is only there once the server is compiled itself. */
const PROGRAM = join(import.meta.dirname, '..', '..', 'node', 'main.js');
const KEPT_OUTPUT = 2_000;

export interface ProvisionParts {
  source: ClusterSource;
  homes: Pick<ImageHomes, 'current' | 'loginFor'>;
  /** Folder of compiled programs. */
  cache: string;
  /** Of the settings. */
  image: string | null;
}

/** BuildKit is compiled when the first build of the machine wants it, which takes minutes; later ones find it. */
export class BuilderProvision {
  #preparing: ChildProcess | null = null;
  #last = '';
  #failure: string | null = null;

  constructor(private readonly parts: ProvisionParts) {}

  /** The tools, or why there are none yet; `final` where waiting does not help. */
  find(): BuilderTools | { wait: string; final: boolean } {
    const { source, homes } = this.parts;
    if (!homes.current) {
      return { wait: 'Builds on this cluster need a registry that it pulls from: an operator names it in APEX_REGISTRY. The embedded one is out of its reach. Or build the image elsewhere, and use autoDeploy IMAGE.', final: true };
    }
    const tools = source.kind === 'embedded' ? read(join(source.folder, FILE)) : this.#ofOther();
    if (tools) return { ...tools, pull: source.kind === 'embedded' ? null : homes.loginFor(tools.image) };
    if (!existsSync(PROGRAM)) return { wait: `There is no builder on this machine: run "./apex up".`, final: true };
    if (this.#failure !== null) {
      const wait = `The builder could not be made on this machine: ${this.#failure}`;
      this.#failure = null;
      return { wait, final: true };
    }
    this.#prepare();
    return { wait: `The builder is made on this machine, which happens once and takes some minutes. ${this.#last}`.trim(), final: false };
  }

  stop(): void {
    this.#preparing?.kill('SIGTERM');
  }

  #ofOther(): Omit<BuilderTools, 'pull'> | null {
    const made = read(join(this.parts.cache, CLIENT_FILE));
    return made && { ...made, image: this.parts.image ?? OFFICIAL_BUILDER };
  }

  #prepare(): void {
    if (this.#preparing) return;
    const { source, cache } = this.parts;
    const child = spawn(process.execPath, [PROGRAM, 'builder', '--cache', cache, ...(source.kind === 'embedded' ? [] : ['--client'])], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#preparing = child;
    const heard = (data: Buffer): void => {
      const line = data.toString().trim().split('\n').at(-1) ?? '';
      this.#last = line.replace(/^\S+Z /, '').slice(0, KEPT_OUTPUT);
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    child.on('error', (error) => this.#ended(error.message));
    child.on('exit', (code) => this.#ended(code === 0 ? null : this.#last));
  }

  /** The next build that wants it is told of a failure, and the one after that tries again. */
  #ended(failure: string | null): void {
    this.#preparing = null;
    this.#failure = failure;
  }
}

function read(file: string): Omit<BuilderTools, 'pull'> | null {
  try {
    const { image, buildctl } = JSON.parse(readFileSync(file, 'utf8')) as Omit<BuilderTools, 'pull'>;
    return existsSync(buildctl) ? { image, buildctl } : null;
  } catch {
    return null;
  }
}
