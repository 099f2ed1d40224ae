import type { ExecutionResult } from 'graphql';
import type { WebSocket } from 'ws';
import type { ResultEncoding, ResultReader } from '../operation.js';

/** A result as the payload of a `next`. */
export const JSON_RESULTS: ResultEncoding = { encode: (result) => Buffer.from(JSON.stringify(result)) };

const TEXT = { binary: false } as const;
const CLOSING_BRACE = 0x7d;

/** One subscription of one socket: its id is put in front of results that are encoded already. */
export class SocketReader implements ResultReader {
  readonly #head: string;
  readonly #headBytes: number;

  constructor(
    private readonly socket: WebSocket,
    id: string,
    private readonly ended: (last: ExecutionResult | undefined) => void,
  ) {
    this.#head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    this.#headBytes = Buffer.byteLength(this.#head);
  }

  get buffered(): number {
    return this.socket.bufferedAmount;
  }

  write(encoded: Buffer): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const message = Buffer.allocUnsafe(this.#headBytes + encoded.length + 1);
    message.write(this.#head, 0);
    message.set(encoded, this.#headBytes);
    message[message.length - 1] = CLOSING_BRACE;
    this.socket.send(message, TEXT);
  }

  end(last?: ExecutionResult): void {
    this.ended(last);
  }
}
