const DEADLINE_MS = 3000;

/** The address of a server on this machine, as a client reaches it. */
export function localUrl(port: number, host = '127.0.0.1'): string {
  const reached = ['', '0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

export interface Readiness {
  readonly answered: boolean;
  readonly ready: boolean;
  /** Why not, in the server's words. */
  readonly reason: string;
}

/** Asks the server at this address whether it serves, or, with `cluster`, whether it would accept a deploy. */
export async function askReadiness(url: string, { cluster = false } = {}): Promise<Readiness> {
  try {
    const answer = await fetch(`${url}/readyz${cluster ? '?cluster=1' : ''}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
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
