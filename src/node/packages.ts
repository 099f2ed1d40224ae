import { existsSync } from 'node:fs';
import { withoutServiceStarts } from './service-starts.js';
import { NodeProblem } from './node-problem.js';
import { CommandFailed, findProgram, runCommand, type CommandOptions } from './run-command.js';

/** A Debian package and the program by which one sees that it, or another build of it, is already there. */
interface Requirement {
  readonly package: string;
  readonly program: string;
  /** Units that the package would start at each boot. */
  readonly units?: readonly string[];
}

const REQUIREMENTS: readonly Requirement[] = [
  { package: 'containerd', program: 'containerd', units: ['containerd.service'] },
  { package: 'runc', program: 'runc' },
  { package: 'etcd-server', program: 'etcd', units: ['etcd.service'] },
  { package: 'containernetworking-plugins', program: '/usr/lib/cni/bridge' },
  { package: 'iptables', program: 'iptables' },
  { package: 'nftables', program: 'nft' },
  { package: 'ipset', program: 'ipset' },
  { package: 'conntrack', program: 'conntrack' },
  { package: 'iproute2', program: 'ip' },
  { package: 'procps', program: 'sysctl' },
  { package: 'kmod', program: 'modprobe' },
  { package: 'e2fsprogs', program: 'mkfs.ext4' },
  { package: 'mount', program: 'losetup' },
  { package: 'socat', program: 'socat' },
  { package: 'caddy', program: 'caddy', units: ['caddy.service', 'caddy-api.service'] },
  { package: 'openssl', program: 'openssl' },
];

/** The packages that this machine still lacks. A program that is there in another build is used as it is. */
export function missingPackages(has: (program: string) => boolean = (program) => present(program)): string[] {
  return REQUIREMENTS.filter(({ program }) => !has(program)).map((requirement) => requirement.package);
}

/** Installs with apt what is missing; services that these packages bring are neither started nor enabled. */
export async function installPackages(packages: readonly string[], options: Pick<CommandOptions, 'signal' | 'onLine'> = {}): Promise<void> {
  if (packages.length === 0) return;
  const units = REQUIREMENTS.filter((requirement) => packages.includes(requirement.package)).flatMap(({ units = [] }) => units);
  await withoutServiceStarts(units, async () => {
    try {
      await aptInstall(packages, options);
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      // Package lists that are missing or old are the usual reason.
      try {
        await apt(['update'], options);
        await aptInstall(packages, options);
      } catch (again) {
        throw new NodeProblem(`apt-get could not install ${packages.join(', ')}; check the network and /etc/apt, or install them by hand, then run ./apex up again (${(again as Error).message}).`, { cause: again });
      }
    }
  });
  const still = missingPackages();
  if (still.length > 0) {
    throw new NodeProblem(`apt-get installed its packages but ${still.join(', ')} still cannot be found; run "apt-get install --reinstall ${still.join(' ')}" and try again.`);
  }
}

async function aptInstall(packages: readonly string[], options: Pick<CommandOptions, 'signal' | 'onLine'>): Promise<void> {
  await apt(['install', '--yes', '--no-install-recommends', ...packages], options);
}

async function apt(args: readonly string[], options: Pick<CommandOptions, 'signal' | 'onLine'>): Promise<void> {
  await runCommand('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', ...args], {
    ...options,
    timeoutMs: 15 * 60_000,
    env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
  });
}

function present(program: string): boolean {
  return program.startsWith('/') ? existsSync(program) : findProgram(program) !== undefined;
}
