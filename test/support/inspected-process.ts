import { once } from 'node:events';
import WebSocket from 'ws';

/** What a process holds once it has collected its garbage. */
export interface Holdings {
  /** Bytes on the heap and beside it. */
  bytes: number;
  /** What would keep it alive or wake it: timers, sockets, files that it reads. */
  timers: number;
  sockets: number;
}

const HOLDINGS = `JSON.stringify((({ heapUsed, external }, resources) => ({
  bytes: heapUsed + external,
  timers: resources.filter((name) => /Timeout|Immediate/.test(name)).length,
  sockets: resources.filter((name) => /TCP|TLS|Pipe/.test(name)).length,
}))(process.memoryUsage(), process.getActiveResourcesInfo()))`;

/** A Node process that was started with `--inspect=127.0.0.1:0`, looked into from outside. */
export class InspectedProcess {
  #last = 0;

  private constructor(private readonly socket: WebSocket) {}

  /** By the address that it printed when it started. */
  static async of(printed: string): Promise<InspectedProcess> {
    const [address] = /ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/.exec(printed) ?? [];
    if (!address) throw new Error(`It told of no inspector: ${printed.slice(0, 500)}`);
    const socket = new WebSocket(address);
    await once(socket, 'open');
    return new InspectedProcess(socket);
  }

  async holdings(): Promise<Holdings> {
    for (let round = 0; round < 2; round += 1) await this.#ask('HeapProfiler.collectGarbage');
    const { result } = await this.#ask('Runtime.evaluate', { expression: HOLDINGS, returnByValue: true });
    return JSON.parse(result.value);
  }

  close(): void {
    this.socket.terminate();
  }

  async #ask(method: string, params: object = {}): Promise<any> {
    const id = (this.#last += 1);
    const signal = AbortSignal.timeout(30_000);
    this.socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [data] = await once(this.socket, 'message', { signal });
      const answer = JSON.parse(String(data));
      if (answer.id !== id) continue;
      if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
      return answer.result;
    }
  }
}
