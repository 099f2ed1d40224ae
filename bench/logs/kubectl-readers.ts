import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** So many `kubectl logs -f` of one pod: the time from line to reader, in milliseconds. */
export async function followWithKubectl(kubeconfig: string, namespace: string, pod: string, count: number, seconds: number): Promise<{ p99: number; lines: number }> {
  const latencies: number[] = [];
  const children = Array.from({ length: count }, () => spawn('kubectl', ['--kubeconfig', kubeconfig, '--namespace', namespace, 'logs', '-f', '--tail=1', '--timestamps', pod], { stdio: ['ignore', 'pipe', 'ignore'] }));
  let counts = false;
  for (const { stdout } of children) {
    createInterface({ input: stdout! }).on('line', (line) => void (counts && latencies.push(performance.timeOrigin + performance.now() - Date.parse(line.slice(0, line.indexOf(' '))))));
  }
  await pause(4_000);
  counts = true;
  await pause(seconds * 1000);
  counts = false;
  await Promise.all(children.map((child) => (child.kill(), once(child, 'exit'))));
  latencies.sort((a, b) => a - b);
  return { p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN, lines: latencies.length };
}
