import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const TICKS_A_SECOND = 100;
/** By itself, and as part of the embedded node. */
const KUBELETS: ReadonlySet<string> = new Set(['kubelet', 'apex-kube']);

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

  /**
   * Logs of the namespace's pods that the kubelet reads for the API server at this moment: it has one file open for each.
   * Unlike the API server's own count it leaves out whatever else runs on the cluster. Null where no kubelet runs on this machine.
   */
  followsOf(namespace: string): number | null {
    let isHere = false;
    let count = 0;
    for (const pid of processes()) {
      try {
        if (!KUBELETS.has(readFileSync(join('/proc', pid, 'comm'), 'utf8').trim())) continue;
        isHere = true;
        count += readdirSync(join('/proc', pid, 'fd')).filter((fd) => isLogOf(namespace, join('/proc', pid, 'fd', fd))).length;
      } catch {
        // It has ended meanwhile.
      }
    }
    return isHere ? count : null;
  }

  /** Processor time that it has used; null where it does not run on this machine. */
  cpuSeconds(): number | null {
    for (const pid of processes()) {
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

const processes = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

function isLogOf(namespace: string, fd: string): boolean {
  try {
    return /\.log$/.test(readlinkSync(fd)) && readlinkSync(fd).includes(`/${namespace}_`);
  } catch {
    // It was closed meanwhile.
    return false;
  }
}
