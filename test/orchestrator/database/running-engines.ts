import { readdirSync, readFileSync } from 'node:fs';

/** Of these pods (by their uid), those in which an engine's `program` runs on this machine now: all of them at the one moment between the two looks at each process. */
export function runningIn(pods: readonly string[], program: string): string[] {
  const seen = readdirSync('/proc').flatMap((name) => podOf(name, pods, program) ?? []);
  return [...new Set(seen.filter(({ process }) => podOf(process, pods, program) !== null).map(({ pod }) => pod))];
}

/** The pod whose engine a process is; null where it is none, or has ended. */
function podOf(process: string, pods: readonly string[], program: string): { process: string; pod: string } | null {
  if (!/^\d+$/.test(process)) return null;
  try {
    const [, name, state] = /^\d+ \((.*)\) (.)/.exec(readFileSync(`/proc/${process}/stat`, 'utf8')) ?? [];
    if (name !== program || state === 'Z') return null;
    const cgroup = readFileSync(`/proc/${process}/cgroup`, 'utf8');
    const pod = pods.find((one) => one !== '' && cgroup.includes(one));
    return pod === undefined ? null : { process, pod };
  } catch {
    return null;
  }
}
