import { Agent, request } from 'undici';

export interface LoadResult {
  sent: number;
  /** Status or error of each request that did not end as 200, and how often. */
  failed: Record<string, number>;
  slowestMs: number;
}

/** What visitors saw while `work` went on; the load ends with it, however it ends. */
export async function underLoad(serviceUrl: string, perSecond: number, work: () => Promise<void>): Promise<LoadResult> {
  const load = steadyLoad(serviceUrl, perSecond);
  try {
    await work();
  } finally {
    await load.stop();
  }
  return load.result;
}

/** So many requests a second through the ingress, on loopback, until stopped; each counts, also one that is late. */
function steadyLoad(serviceUrl: string, perSecond: number): { result: LoadResult; stop: () => Promise<void> } {
  const { host, port } = new URL(serviceUrl);
  const agent = new Agent({ connections: 50, pipelining: 1, headersTimeout: 15_000, bodyTimeout: 15_000 });
  const result: LoadResult = { sent: 0, failed: {}, slowestMs: 0 };
  const flying = new Set<Promise<void>>();
  const began = performance.now();
  const one = async (): Promise<void> => {
    const at = performance.now();
    let outcome: string;
    try {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/`, { dispatcher: agent, headers: { host } });
      await body.dump();
      outcome = String(statusCode);
    } catch (error) {
      outcome = (error as { code?: string }).code ?? (error as Error).message;
    }
    result.slowestMs = Math.max(result.slowestMs, performance.now() - at);
    if (outcome !== '200') result.failed[outcome] = (result.failed[outcome] ?? 0) + 1;
  };
  const tick = setInterval(() => {
    // What a busy machine has missed is caught up with.
    while (result.sent < ((performance.now() - began) / 1000) * perSecond) {
      result.sent += 1;
      const call = one().finally(() => flying.delete(call));
      flying.add(call);
    }
  }, 5);
  return {
    result,
    stop: async () => {
      clearInterval(tick);
      await Promise.all(flying);
      await agent.close();
    },
  };
}
