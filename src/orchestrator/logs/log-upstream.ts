import { badRequest, type ApexError } from '../../errors.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { KubeError } from '../kubernetes/kube-error.js';
import { objectPath } from '../kubernetes/kinds.js';
import type { LogStream } from '../port.js';
import { LineCutter, limited, type CutLine } from './line-cutter.js';
import { parseTime, toDate, type Position } from './log-position.js';
import type { ContainerRun } from './log-source-id.js';

/** One line as the cluster has it. */
export interface RawLine extends Position {
  run: ContainerRun;
  /** As the container wrote it. */
  raw: string;
  /** It was longer than 64 KiB. */
  cut: boolean;
  /** Null where both streams are read as one. */
  stream: LogStream | null;
}

export interface UpstreamOptions {
  follow?: boolean;
  previous?: boolean;
  tailLines?: number | undefined;
  /** Lines of this time and later; a little more may come, because Kubernetes rounds it down to the second. */
  since?: bigint | undefined;
  /** One of the two streams alone; goes with no `tailLines`. Not every cluster can. */
  stream?: LogStream | undefined;
}

/**
 * Reads the log of one run. Ends when the run has ended (or at once, unless it follows); throws when it was cut, and
 * BAD_REQUEST where one stream is asked of a cluster that cannot tell them apart.
 */
export async function* readLog(client: KubeClient, run: ContainerRun, options: UpstreamOptions, signal: AbortSignal): AsyncGenerator<RawLine[]> {
  const path = `${objectPath('Pod', run.pod, run.namespace)}/log`;
  const query = {
    container: run.container,
    timestamps: 'true',
    follow: options.follow ? 'true' : undefined,
    previous: options.previous ? 'true' : undefined,
    tailLines: options.stream ? undefined : options.tailLines,
    sinceTime: options.since === undefined ? undefined : toDate(options.since).toISOString(),
    stream: options.stream && STREAM_NAMES[options.stream],
  };
  const body = await client.stream(path, 'PodLog', query, signal).catch((error: unknown) => {
    throw options.stream && cannotSplit(error) ? streamsNotTold() : error;
  });
  const lines = new LineReader(run, options.stream ?? null);
  for await (const chunk of body) yield lines.read(chunk);
  const rest = lines.end();
  if (rest) yield [rest];
}

/** Without the first ones of a log whose beginning was left out, as long as they are of one time: they were numbered from the middle. */
export function withKnownNumbers(lines: RawLine[], tailLines: number | undefined): RawLine[] {
  const [first] = lines;
  if (!first || tailLines === undefined || lines.length < tailLines) return lines;
  return lines.slice(Math.max(0, lines.findIndex(({ ns }) => ns !== first.ns)));
}

const STREAM_NAMES: Readonly<Record<LogStream, string>> = { stdout: 'Stdout', stderr: 'Stderr' };

/** The API server refuses the parameter, or the kubelet does. */
const cannotSplit = (error: unknown): boolean => error instanceof KubeError && (error.status === 422 || error.status === 400) && /stream/i.test(error.message);

/** The refusal of a filter by stream. */
export const streamsNotTold = (): ApexError =>
  badRequest('This cluster does not tell stdout from stderr: its feature gate PodLogsQuerySplitStreams is off.', [{ path: 'stream', message: 'cannot be told apart by this cluster' }]);

/** Cuts bytes into lines and numbers those of the same time. */
class LineReader {
  readonly #lines = new LineCutter();
  #last: bigint = -1n;
  #ordinal = 0;

  constructor(
    private readonly run: ContainerRun,
    private readonly stream: LogStream | null,
  ) {}

  read(chunk: Uint8Array): RawLine[] {
    return this.#lines.read(chunk).map((line) => this.#parse(line)).filter((line) => line !== null);
  }

  end(): RawLine | null {
    const line = this.#lines.end();
    return line && this.#parse(line);
  }

  #parse({ text, cut }: CutLine): RawLine | null {
    const space = text.indexOf(' ');
    const ns = parseTime(space < 0 ? text : text.slice(0, space));
    // Not a line of the container: the kubelet's own word that it cannot read on.
    if (ns === null) return null;
    this.#ordinal = ns === this.#last ? this.#ordinal + 1 : 0;
    this.#last = ns;
    const message = limited(space < 0 ? '' : text.slice(space + 1));
    return { run: this.run, ns, ordinal: this.#ordinal, raw: message.text, cut: cut || message.cut, stream: this.stream };
  }
}
