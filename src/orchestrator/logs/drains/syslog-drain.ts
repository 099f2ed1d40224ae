import { stripVTControlCharacters } from 'node:util';
import type { Socket } from 'node:net';
import { connectGuarded } from '../../../outside/guarded-connect.js';
import type { LogLevel, LogLine } from '../../port.js';
import type { DrainedSource, DrainTarget } from './drained-line.js';

const DEADLINE_MS = 10_000;
const FACILITY_LOCAL0 = 16;
const SEVERITY: Readonly<Record<LogLevel, number>> = { FATAL: 2, ERROR: 3, WARN: 4, INFO: 6, DEBUG: 7, TRACE: 7 };

/** Writes lines to a syslog server over one TCP or TLS connection, each with its length before it (RFC 5425, RFC 6587). */
export class SyslogDrain implements DrainTarget {
  #socket: Socket | undefined;

  constructor(
    private readonly url: URL,
    private readonly allowed: ReadonlySet<string>,
  ) {}

  async send(lines: readonly LogLine[], from: DrainedSource, signal: AbortSignal): Promise<void> {
    const socket = await this.#connected(signal);
    const late = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(new Error('It did not take the lines in time'));
      late.addEventListener('abort', abort, { once: true });
      const closed = (): void => reject(new Error('It closed the connection'));
      socket.once('close', closed);
      socket.write(lines.map((line) => framed(syslogMessage(line, from))).join(''), (error) => {
        late.removeEventListener('abort', abort);
        socket.off('close', closed);
        if (error) reject(error);
        else resolve();
      });
    }).catch((error: unknown) => {
      this.close();
      throw error;
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connected(signal: AbortSignal): Promise<Socket> {
    if (this.#socket && !this.#socket.destroyed && this.#socket.writable) return this.#socket;
    this.close();
    const tls = this.url.protocol === 'syslog+tls:';
    const socket = await connectGuarded({ host: this.url.hostname, port: Number(this.url.port || (tls ? 6514 : 601)), tls, allowed: this.allowed, deadlineMs: DEADLINE_MS, signal });
    socket.unref();
    socket.setKeepAlive(true);
    // What happens between two sends is seen by the next one.
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.resume();
    this.#socket = socket;
    return socket;
  }
}

const framed = (message: string): string => `${Buffer.byteLength(message)} ${message}`;

/** A line as RFC 5424 has it: the replica is the host, the service the program, the deployment the message's id. */
export function syslogMessage({ timestamp, replica, level, deploymentId, raw }: LogLine, { name }: DrainedSource): string {
  const priority = FACILITY_LOCAL0 * 8 + SEVERITY[level ?? 'INFO'];
  return `<${priority}>1 ${timestamp.toISOString()} ${word(replica, 255)} ${word(name, 48)} - ${word(deploymentId ?? '-', 32)} - ${stripVTControlCharacters(raw)}`;
}

/** Printable ASCII without spaces; never empty. */
const word = (text: string, most: number): string => text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, most) || '-';
