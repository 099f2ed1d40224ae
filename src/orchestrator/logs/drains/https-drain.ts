import type { GuardedFetch } from '../../../outside/guarded-fetch.js';
import type { LogLine } from '../../port.js';
import { DrainRefused, type DrainedSource, type DrainTarget } from './drained-line.js';

const DEADLINE_MS = 15_000;

/** Posts lines as NDJSON; any 2xx takes them. */
export class HttpsDrain implements DrainTarget {
  constructor(
    private readonly guard: GuardedFetch,
    private readonly url: string,
    private readonly token: string | null,
  ) {}

  async send(lines: readonly LogLine[], from: DrainedSource, signal: AbortSignal): Promise<void> {
    const response = await this.guard.fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'user-agent': 'apex', ...(this.token !== null && { authorization: this.token }) },
      body: lines.map((line) => `${JSON.stringify(drained(line, from))}\n`).join(''),
      redirects: 0,
      deadlineMs: DEADLINE_MS,
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new DrainRefused(`The endpoint answered with ${response.status}.`);
  }

  close(): void {
    // Connections are the guard's.
  }
}

function drained({ timestamp, replica, deploymentId, level, message, fields, cut }: LogLine, { source, name, environment, serviceId }: DrainedSource) {
  const [kind, id] = source.split('/');
  const whose = kind === 'database' ? { database: name, databaseId: id } : { service: name, serviceId, ...(kind === 'pre-deploy' && { step: kind }) };
  return { timestamp, ...whose, environment, replica, deploymentId, level, message, fields, cut };
}
