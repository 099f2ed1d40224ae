import type { IncomingMessage } from 'node:http';
import { ApexError, badRequest } from '../errors.js';

/** As large as GitHub's deliveries may be. */
export const MOST_BYTES = 25 * 1024 * 1024;
/** Of all bodies that are held at once: what is not known to be GitHub's must not fill the memory. */
const MOST_HELD = 8 * MOST_BYTES;

/** The memory for bodies of deliveries, over all requests of this server. */
export class BodyRoom {
  private held = 0;

  constructor(private readonly most = MOST_HELD) {}

  /** Keeps account of one body. */
  hold(): { take(bytes: number): void; release(): void } {
    let own = 0;
    return {
      take: (bytes) => {
        if (this.held + bytes > this.most) throw new ApexError('UNAVAILABLE', 'Too many deliveries are being read. Deliver again.', { retryAfterSeconds: 5 });
        own += bytes;
        this.held += bytes;
      },
      release: () => {
        this.held -= own;
        own = 0;
      },
    };
  }
}

const tooLarge = (): ApexError => new ApexError('PAYLOAD_TOO_LARGE', 'The delivery is larger than 25 MiB.');

/** The bytes of a body exactly as they came. Reads no further than it must to know that they are too many. */
export function readRawBody(req: IncomingMessage, take: (bytes: number) => void): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > MOST_BYTES) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (settle: () => void): void => {
      req.off('data', more).off('end', end).off('error', cut).off('close', cut);
      settle();
    };
    const more = (chunk: Buffer): void => {
      try {
        size += chunk.length;
        if (size > MOST_BYTES) throw tooLarge();
        take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        req.pause();
        done(() => reject(error as Error));
      }
    };
    const end = (): void => done(() => resolve(Buffer.concat(chunks)));
    const cut = (): void => done(() => reject(badRequest('The delivery broke off.')));
    req.on('data', more).on('end', end).on('error', cut).on('close', cut);
  });
}
