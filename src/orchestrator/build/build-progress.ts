import type { BuildLine } from '../../entities/build-log.js';

/** What `buildctl --progress=rawjson` writes, a line at a time. */
interface SolveStatus {
  vertexes?: { digest: string; name?: string; started?: string; completed?: string; cached?: boolean; error?: string }[];
  logs?: { vertex: string; data?: string; timestamp?: string }[];
}

interface Step {
  name: string;
  told: 'nothing' | 'begun' | 'ended';
  partial: string;
  last: string[];
}

export interface FailedStep {
  name: string;
  error: string;
  lastLines: string[];
}

const LAST_LINES = 20;
const LONGEST_LINE = 4_096;
const KEPT_WORDS = 2_000;
/** A step whose end another one has caused. */
const ENDED_BY_OTHER = /context canceled|operation was canceled/i;

/** Turns BuildKit's own progress into lines of a log, and remembers which step failed. */
export class BuildProgress {
  readonly #steps = new Map<string, Step>();
  #failed: FailedStep | null = null;
  #words = '';
  cached = 0;

  /** The step at work. */
  current: string | null = null;

  /** `mask`: takes what is secret out of a line. */
  constructor(private readonly mask: (text: string) => string) {}

  get failed(): FailedStep | null {
    return this.#failed;
  }

  /** What the client said that is no progress: its last sentence is why it ended. */
  get words(): string {
    return this.#words.trim();
  }

  read(line: string): BuildLine[] {
    if (!line.startsWith('{')) {
      this.#words = `${this.#words}\n${line}`.slice(-KEPT_WORDS);
      return [];
    }
    let status: SolveStatus;
    try {
      status = JSON.parse(line) as SolveStatus;
    } catch {
      return [];
    }
    const lines: BuildLine[] = [];
    for (const vertex of status.vertexes ?? []) this.#vertex(vertex, lines);
    for (const { vertex, data = '', timestamp } of status.logs ?? []) this.#said(vertex, Buffer.from(data, 'base64').toString(), timestamp ? Date.parse(timestamp) : Date.now(), lines);
    return lines;
  }

  #vertex({ digest, name = '', started, completed, cached, error }: NonNullable<SolveStatus['vertexes']>[number], lines: BuildLine[]): void {
    const step = this.#step(digest, name);
    const isInternal = name.startsWith('[internal]');
    const tell = (at: string, message: string): void => void (isInternal || lines.push({ at: Date.parse(at) || Date.now(), step: step.name, message }));
    if (started && step.told === 'nothing') {
      step.told = 'begun';
      if (!isInternal) this.current = step.name;
      tell(started, step.name);
    }
    if (!completed || step.told === 'ended') return;
    step.told = 'ended';
    if (step.partial) lines.push(this.#line(step, step.partial, Date.parse(completed)));
    step.partial = '';
    if (cached) {
      this.cached += 1;
      tell(completed, 'CACHED');
    }
    if (error && !ENDED_BY_OTHER.test(error) && !this.#failed) {
      this.#failed = { name: step.name, error, lastLines: step.last };
      lines.push({ at: Date.parse(completed), step: step.name, message: `ERROR: ${error}` });
    }
  }

  #said(digest: string, text: string, at: number, lines: BuildLine[]): void {
    const step = this.#step(digest, '');
    const parts = (step.partial + text).split(/\r?\n/);
    step.partial = parts.pop() ?? '';
    if (step.partial.length > LONGEST_LINE) {
      parts.push(step.partial);
      step.partial = '';
    }
    for (const part of parts) lines.push(this.#line(step, part, at));
  }

  #line(step: Step, text: string, at: number): BuildLine {
    const message = this.mask(text).slice(0, LONGEST_LINE).replaceAll('\0', '').replace(/\x1b\[[0-9;]*[A-Za-z]/g, '');
    step.last.push(message);
    if (step.last.length > LAST_LINES) step.last.shift();
    return { at, step: step.name, message };
  }

  #step(digest: string, name: string): Step {
    const known = this.#steps.get(digest);
    if (known) {
      if (name) known.name = name;
      return known;
    }
    const step: Step = { name, told: 'nothing', partial: '', last: [] };
    this.#steps.set(digest, step);
    return step;
  }
}
