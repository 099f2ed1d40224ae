import type { ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { ResultEncoding, SharedResults } from '../operation.js';

const HEARTBEAT_MS = 12_000;

/** How an answer that stays open is written. */
export interface OpenForm {
  /** Keeps proxies from closing a silent stream; empty where the form has nothing for it. */
  heartbeat: string;
  encoding: ResultEncoding;
  /** The last words; `last` says why, where the reader was refused. */
  farewell: (last: ExecutionResult | undefined) => string;
}

/** Answers that stay open, with one heartbeat for all of them. */
export class OpenAnswers {
  readonly #open = new Map<ServerResponse, string>();
  #timer: NodeJS.Timeout | undefined;

  /** Sends what many have in common, until it ends or `signal` aborts: the client has left, or the server stops. */
  async send(res: ServerResponse, results: SharedResults, { heartbeat, encoding, farewell }: OpenForm, signal: AbortSignal): Promise<void> {
    const end = this.hold(res, heartbeat);
    await new Promise<void>((resolve) => {
      const finish = (last?: ExecutionResult): void => {
        signal.removeEventListener('abort', left);
        leave();
        if (!res.destroyed) res.end(farewell(last));
        resolve();
      };
      const left = (): void => finish();
      const reader = {
        get buffered(): number {
          return res.writableLength;
        },
        write: (encoded: Buffer): void => void (res.destroyed || encoded.length === 0 || res.write(encoded)),
        end: finish,
      };
      const leave = results.deliver(reader, encoding);
      signal.addEventListener('abort', left, { once: true });
      if (signal.aborted) left();
    });
    end();
  }

  /** Until the answered function is called. */
  hold(res: ServerResponse, heartbeat: string): () => void {
    if (!heartbeat) return () => undefined;
    this.#open.set(res, heartbeat);
    this.#timer ??= setInterval(() => this.#beat(), HEARTBEAT_MS);
    return () => {
      this.#open.delete(res);
      if (this.#open.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** Whoever has not read all yet needs no sign, and would be sent more and more of them. */
  #beat(): void {
    for (const [res, heartbeat] of this.#open) if (!res.destroyed && res.writableLength === 0) res.write(heartbeat);
  }
}
