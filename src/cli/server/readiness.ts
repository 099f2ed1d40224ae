const DEADLINE_MS = 3000;

export interface Readiness {
  readonly answered: boolean;
  readonly ready: boolean;
  /** Why not, in the server's words. */
  readonly reason: string;
}

/** Asks the server on this port whether it serves, or, with `cluster`, whether it would accept a deploy. */
export async function askReadiness(port: number, { cluster = false } = {}): Promise<Readiness> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz${cluster ? '?cluster=1' : ''}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    const body = await answer.text();
    return { answered: true, ready: answer.ok, reason: answer.ok ? '' : (detailOf(body) ?? `it answers ${answer.status}`) };
  } catch {
    return { answered: false, ready: false, reason: 'it does not answer' };
  }
}

function detailOf(body: string): string | undefined {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    return typeof detail === 'string' ? detail : undefined;
  } catch {
    return undefined;
  }
}
