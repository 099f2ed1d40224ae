import type { LogLine } from '../../port.js';

/** Whose lines a drain sends. */
export interface DrainedSource {
  /** `service/<id>`, `database/<id>` or `pre-deploy/<deployment's id>`. */
  source: string;
  teamId: string;
  /** The service's, or the database's. */
  name: string;
  environment: string;
  /** The service that speaks, or before whose rollout somebody does; null for a database. */
  serviceId: string | null;
}

/** A place that takes lines. */
export interface DrainTarget {
  /** Resolves when the lines were taken; throws where they were not, with a message that may be shown to the team. */
  send(lines: readonly LogLine[], from: DrainedSource, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** A message for the team: it holds no secret and nothing of our own network. */
export class DrainRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DrainRefused';
  }
}
