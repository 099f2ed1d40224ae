import { z } from 'zod';
import type { WebhookOutcome } from '../../entities/webhook-outcome.js';
import { badRequest } from '../../errors.js';
import type { PullRequest } from './pull-request.js';
import type { Push } from './push.js';

/** What a delivery says, as far as it matters here. */
export interface ForgeEvent {
  action: string | null;
  repository: string | null;
  push: Push | null;
  pullRequest: PullRequest | null;
  /** What becomes of it where there is neither. */
  outcome: WebhookOutcome;
  message: string | null;
}

/** All in which one forge's deliveries differ from another's. */
export interface Forge {
  /** As a person calls it. */
  name: string;
  /** Where it is called with a path of its own: `/api/webhooks/<path>`. */
  path: string;
  headers: { signature: string; delivery: string; event: string };
  /** The signature as `sha256=…`, whatever the forge writes before the digits. */
  signature(header: string | undefined): string | undefined;
  /** Reads a delivery whose signature held. Throws BAD_REQUEST. */
  read(event: string, body: Buffer): ForgeEvent;
}

/** The payload, where it is JSON. Throws BAD_REQUEST. */
export function parsedPayload(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw badRequest('The payload is not valid JSON.', []);
  }
}

/** The part of the payload that the rule describes. Throws BAD_REQUEST with each fault. */
export function checkedPayload<T extends z.ZodType>(rule: T, payload: unknown, forge: string): z.output<T> {
  const { data, error } = rule.safeParse(payload);
  if (error) {
    const faults = error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join('.') || 'body', message }));
    throw badRequest(`The payload is not one that ${forge} sends.`, faults);
  }
  return data as z.output<T>;
}
