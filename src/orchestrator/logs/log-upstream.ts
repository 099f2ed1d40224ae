import type { KubeClient } from '../kubernetes/kube-client.js';
import { objectPath } from '../kubernetes/kinds.js';
import { parseTime, toDate, type Position } from './log-position.js';
import type { ContainerRun } from './log-source-id.js';

/** A line over this is cut and says so. */
const LINE_LIMIT = 64 * 1024;
const CUT = ' … (cut)';

/** One line as the cluster has it. */
export interface RawLine extends Position {
  run: ContainerRun;
  message: string;
}

export interface UpstreamOptions {
  follow?: boolean;
  previous?: boolean;
  tailLines?: number | undefined;
  /** Lines of this time and later; a little more may come, because Kubernetes rounds it down to the second. */
  since?: bigint | undefined;
}

/** Reads the log of one run. Ends when the run has ended (or at once, unless it follows); throws when it was cut. */
export async function* readLog(client: KubeClient, run: ContainerRun, options: UpstreamOptions, signal: AbortSignal): AsyncGenerator<RawLine[]> {
  const path = `${objectPath('Pod', run.pod, run.namespace)}/log`;
  const query = {
    container: run.container,
    timestamps: 'true',
    follow: options.follow ? 'true' : undefined,
    previous: options.previous ? 'true' : undefined,
    tailLines: options.tailLines,
    sinceTime: options.since === undefined ? undefined : toDate(options.since).toISOString(),
  };
  const body = await client.stream(path, 'PodLog', query, signal);
  const lines = new LineReader(run);
  for await (const chunk of body) yield lines.read(chunk);
  const rest = lines.end();
  if (rest) yield [rest];
}

/** Cuts bytes into lines and numbers those of the same time. */
class LineReader {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #last: bigint = -1n;
  #ordinal = 0;

  constructor(private readonly run: ContainerRun) {}

  read(chunk: Uint8Array): RawLine[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = limit(lines.pop() ?? '');
    return lines.map((line) => this.#parse(line)).filter((line) => line !== null);
  }

  end(): RawLine | null {
    return this.#rest ? this.#parse(this.#rest) : null;
  }

  #parse(line: string): RawLine | null {
    const space = line.indexOf(' ');
    const ns = parseTime(space < 0 ? line : line.slice(0, space));
    // Not a line of the container: the kubelet's own word that it cannot read on.
    if (ns === null) return null;
    this.#ordinal = ns === this.#last ? this.#ordinal + 1 : 0;
    this.#last = ns;
    return { run: this.run, ns, ordinal: this.#ordinal, message: limit(space < 0 ? '' : line.slice(space + 1)) };
  }
}

/** Twice the limit is kept of an unfinished line, so that the cut is the same whichever way it arrives. */
const limit = (text: string): string => (text.length > LINE_LIMIT ? `${text.slice(0, LINE_LIMIT)}${CUT}` : text);
