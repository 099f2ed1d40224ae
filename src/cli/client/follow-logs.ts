import { setTimeout as pause } from 'node:timers/promises';
import { Unreachable, type GraphqlClient } from './graphql-client.js';
import { FOLLOW_LOGS, type LogBatch, type LogWish } from './operations.js';

const RETRY_MS = [250, 500, 1_000, 2_000, 5_000] as const;
/** A server that is gone for longer than this is not waited for. */
const PATIENCE_MS = 600_000;

/**
 * The batches of a service's log until the signal comes, through cuts and restarts of the server: behind the last line
 * that came. Throws a `Problem` where the server refuses, or could not be reached to begin with.
 */
export async function* followLogs(client: GraphqlClient, wish: LogWish, signal: AbortSignal): AsyncGenerator<LogBatch> {
  let cursor: string | null = null;
  let seenAt = 0;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      for await (const { logs } of client.follow(FOLLOW_LOGS, cursor === null ? wish : { serviceId: wish.serviceId, filter: wish.filter, after: cursor }, signal, 0)) {
        attempt = 0;
        seenAt = performance.now();
        cursor = logs.cursor ?? cursor;
        yield logs;
      }
    } catch (error) {
      if (!(error instanceof Unreachable) || seenAt === 0 || performance.now() - seenAt > PATIENCE_MS) throw error;
    }
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], undefined, { signal }).catch(() => undefined);
  }
}
