import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a process has used: bytes after a collection of garbage. */
export interface Usage {
  cpuSeconds: number;
  rss: number;
  live: number;
}

/** Thousands of readers need a while to come, on a machine that has other things to do. */
const ANSWER_MS = 180_000;

/** A program with a channel to it. */
export class MeasuredProcess {
  readonly child: ChildProcess;

  constructor(args: readonly string[], env: Record<string, string> = {}, isServer = true) {
    const probe = isServer ? ['--expose-gc', '--import', join(import.meta.dirname, 'probe.ts')] : [];
    const profile = isServer && process.env.APEX_BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.APEX_BENCH_PROFILE}`] : [];
    this.child = spawn(process.execPath, [...probe, ...profile, ...args], { env: { ...process.env, NODE_ENV: 'production', ...env }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  async ask<T>(question: unknown): Promise<T> {
    const answer = once(this.child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
    this.child.send(question as object);
    return ((await answer) as [T])[0];
  }

  usage(): Promise<Usage> {
    return this.ask<Usage>('usage');
  }

  async cpuSeconds(): Promise<number> {
    return (await this.ask<Usage>('cpu')).cpuSeconds;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 35_000);
    await ended;
    clearTimeout(late);
  }
}
