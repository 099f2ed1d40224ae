import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterSource } from '../kubernetes/cluster-source.js';
import { readEmbeddedNode } from '../kubernetes/embedded-node.js';

/** What a build needs of this machine. */
export interface BuilderTools {
  /** Image of BuildKit in the node's registry. */
  image: string;
  /** Path of the client. */
  buildctl: string;
  /** `http://host:port` of the node's registry. */
  registry: URL;
}

const FILE = 'builder.json';
/** The node's program that compiles BuildKit. It is only there once the server is compiled itself. */
const PROGRAM = join(import.meta.dirname, '..', '..', 'node', 'main.js');
const KEPT_OUTPUT = 2_000;

/** BuildKit is compiled when the first build of the machine wants it, which takes minutes; later ones find it. */
export class BuilderProvision {
  #preparing: ChildProcess | null = null;
  #last = '';
  #failure: string | null = null;

  /** `cache`: folder of compiled programs. */
  constructor(
    private readonly source: ClusterSource,
    private readonly cache: string,
  ) {}

  /** The tools, or why there are none yet; `final` where waiting does not help. */
  find(): BuilderTools | { wait: string; final: boolean } {
    if (this.source.kind !== 'embedded') return { wait: 'Builds need the embedded cluster, whose registry keeps the images. Build the image elsewhere, and use autoDeploy IMAGE.', final: true };
    const { folder } = this.source;
    const { registry } = readEmbeddedNode(folder);
    const tools = read(folder);
    if (tools && registry) return { ...tools, registry: new URL(`http://${registry}`) };
    if (!existsSync(PROGRAM)) return { wait: `There is no builder on this machine: run "./apex up".`, final: true };
    if (this.#failure !== null) {
      const wait = `The builder could not be made on this machine: ${this.#failure}`;
      this.#failure = null;
      return { wait, final: true };
    }
    this.#prepare();
    return { wait: `The builder is made on this machine, which happens once and takes some minutes. ${this.#last}`.trim(), final: false };
  }

  /** The node's registry, where there is one. */
  registry(): URL | null {
    const { registry } = this.source.kind === 'embedded' ? readEmbeddedNode(this.source.folder) : {};
    return registry ? new URL(`http://${registry}`) : null;
  }

  stop(): void {
    this.#preparing?.kill('SIGTERM');
  }

  #prepare(): void {
    if (this.#preparing) return;
    const child = spawn(process.execPath, [PROGRAM, 'builder', '--cache', this.cache], { stdio: ['ignore', 'pipe', 'pipe'] });
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

function read(folder: string): Pick<BuilderTools, 'image' | 'buildctl'> | null {
  try {
    const { image, buildctl } = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Pick<BuilderTools, 'image' | 'buildctl'>;
    return existsSync(buildctl) ? { image, buildctl } : null;
  } catch {
    return null;
  }
}
