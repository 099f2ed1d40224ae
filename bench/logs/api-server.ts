import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TICKS_A_SECOND = 100;

/** The API server of the node, asked about itself. */
export class ApiServer {
  readonly kubeconfig: string;

  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig;
  }

  kubectl(...args: string[]): string {
    return execFileSync('kubectl', ['--kubeconfig', this.kubeconfig, ...args], { encoding: 'utf8', maxBuffer: 64 << 20 });
  }

  /** Logs of pods that somebody follows through it at this moment, by its own count. */
  follows(): number {
    const lines = this.kubectl('get', '--raw', '/metrics').split('\n').filter((line) => line.startsWith('apiserver_longrunning_requests{') && line.includes('subresource="log"'));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Processor time that it has used; null where it does not run on this machine. */
  cpuSeconds(): number | null {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (!readFileSync(join('/proc', pid, 'cmdline'), 'utf8').includes('kube-apiserver\0')) continue;
        const fields = readFileSync(join('/proc', pid, 'stat'), 'utf8').split(') ')[1]!.split(' ');
        return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
      } catch {
        // It has ended meanwhile.
      }
    }
    return null;
  }
}
