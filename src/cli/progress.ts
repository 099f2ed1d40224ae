import type { WriteStream } from 'node:tty';

const REDRAW_MS = 250;
const LINE_EVERY_MS = 5000;

type Output = Pick<WriteStream, 'write' | 'isTTY' | 'columns'>;

/** Tells a person what takes long: one line that changes on a terminal, a line every few seconds elsewhere. */
export class Progress {
  constructor(private readonly output: Output = process.stderr) {}

  say(line: string): void {
    this.output.write(`${line}\n`);
  }

  /** Runs `work` as a named step; it may say how far it is, and what the step's result was. */
  async step<T>(what: string, work: (step: Step) => Promise<T>): Promise<T> {
    const step = new Step(what, this.output);
    try {
      const result = await work(step);
      step.finish();
      return result;
    } catch (error) {
      step.abandon();
      throw error;
    }
  }
}

/** One step under way. */
export class Step {
  private readonly since = Date.now();
  private detail = '';
  private result: string | undefined;
  private shown = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly what: string,
    private readonly output: Output,
  ) {
    this.timer = setInterval(() => this.show(), output.isTTY ? REDRAW_MS : LINE_EVERY_MS);
    this.timer.unref();
    if (output.isTTY) this.show();
  }

  /** How far the step is, in a few words. */
  at(detail: string): void {
    this.detail = detail;
  }

  /** The sentence that stands in the end in place of the step's name. */
  becomes(result: string): void {
    this.result = result;
  }

  finish(): void {
    this.clear();
    this.output.write(`${this.result ?? this.what} (${seconds(this.since)})\n`);
  }

  abandon(): void {
    this.clear();
  }

  private clear(): void {
    clearInterval(this.timer);
    if (this.output.isTTY && this.shown) this.output.write('\r\x1b[2K');
  }

  private show(): void {
    this.shown = true;
    const line = `${this.what} … ${this.detail ? `${this.detail}, ` : ''}${seconds(this.since)} so far`;
    if (this.output.isTTY) this.output.write(`\r\x1b[2K${line.slice(0, (this.output.columns || 80) - 1)}`);
    else this.output.write(`${line}\n`);
  }
}

function seconds(since: number): string {
  const elapsed = (Date.now() - since) / 1000;
  if (elapsed < 10) return `${elapsed.toFixed(1)} s`;
  return elapsed < 120 ? `${Math.round(elapsed)} s` : `${Math.floor(elapsed / 60)} min ${Math.round(elapsed % 60)} s`;
}
