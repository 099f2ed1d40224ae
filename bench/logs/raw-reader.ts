import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Lines of `peer-server.ts`: 13 digits of milliseconds, then the number; each a frame of its own. */
export const LINE_BYTES = 100;
const FRAME_BYTES = LINE_BYTES + 2;
const TIME_DIGITS = 13;

/**
 * A reader of the raw broadcast with next to no cost of its own, or a thousand of them would need more of the machine than
 * the server that is measured: it counts frames, whose size is known, and looks at the time of one in each piece that arrives.
 */
export class RawReader {
  readonly socket: Socket;

  constructor(url: string, joined: () => void, took: (lines: number, writtenAt: number) => void) {
    const { hostname, port, pathname } = new URL(url);
    let rest = Buffer.alloc(0);
    let isOpen = false;
    this.socket = connect(Number(port), hostname);
    this.socket.once('connect', () => {
      const key = randomBytes(16).toString('base64');
      this.socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
    });
    this.socket.on('data', (chunk) => {
      let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      if (!isOpen) {
        const end = data.indexOf('\r\n\r\n');
        if (end < 0) return void (rest = data);
        isOpen = true;
        data = data.subarray(end + 4);
        joined();
      }
      const lines = Math.floor(data.length / FRAME_BYTES);
      rest = data.subarray(lines * FRAME_BYTES);
      if (lines > 0) took(lines, timeOf(data));
    });
  }
}

function timeOf(frame: Buffer): number {
  let time = 0;
  for (let at = 2; at < 2 + TIME_DIGITS; at += 1) time = time * 10 + (frame[at]! - 48);
  return time;
}
