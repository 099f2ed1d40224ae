import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandFailed, runCommand } from '../run-command.js';
import { aptOptionsOf } from './debian-suite.js';

/** Parts of packages that no running program reads. */
const UNREAD = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/lintian', 'usr/share/bash-completion', 'usr/share/bug', 'usr/share/debconf'];

const BUNDLE = 'etc/ssl/certs/ca-certificates.crt';

export interface RootOptions {
  /** Where fetched .deb files are kept. */
  readonly debs: string;
  readonly signal?: AbortSignal | undefined;
  /** Another suite of Debian than this machine's own, of those whose /bin and /lib are links into /usr. */
  readonly suite?: string;
}

/**
 * Fills an empty folder with Debian packages and the libraries that they need: the files only. No script of theirs runs,
 * so no chroot is needed, and the result is the same on every machine with the same Debian.
 */
export async function makeDebianRoot(root: string, packages: readonly string[], options: RootOptions): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  mkdirSync(options.debs, { recursive: true });
  if (options.suite) for (const folder of ['bin', 'sbin', 'lib', 'lib64']) putLink(root, folder, `usr/${folder}`);
  const all = await withLibraries(packages, options);
  // Files that are there already are left as they are.
  await runCommand('apt-get', ['download', ...suiteOf(options), '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Retries=3', ...all.map(({ name }) => name)], {
    cwd: options.debs,
    signal: options.signal,
    timeoutMs: 600_000,
  });
  for (const { file } of all) {
    await runCommand('dpkg-deb', ['--extract', join(options.debs, file), root], { signal: options.signal, timeoutMs: 120_000 });
  }
  for (const path of UNREAD) rmSync(join(root, path), { recursive: true, force: true });
  mkdirSync(join(root, 'tmp'), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
}

/** Writes a text file into a root, with the folders above it. */
export function putFile(root: string, path: string, content: string, mode = 0o644): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content, { mode });
}

/** Makes a symbolic link in a root, in place of whatever has its name. */
export function putLink(root: string, path: string, target: string): void {
  const link = join(root, path);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(target, link);
}

/** The accounts that programs look up by name. */
export function putAccounts(root: string, accounts: ReadonlyArray<readonly [name: string, id: number]>): void {
  const all = [['root', 0], ...accounts, ['nobody', 65534]] as const;
  putFile(root, 'etc/passwd', all.map(([name, id]) => `${name}:x:${id}:${id}:${name}:${id === 0 ? '/root' : '/nonexistent'}:${id === 0 ? '/bin/sh' : '/sbin/nologin'}\n`).join(''));
  putFile(root, 'etc/group', all.map(([name, id]) => `${name}:x:${id}:\n`).join(''));
}

/** The authorities that this machine trusts: what runs in the image reaches the same addresses as the machine. */
export function putCertificates(root: string): void {
  if (!existsSync(`/${BUNDLE}`)) return;
  mkdirSync(dirname(join(root, BUNDLE)), { recursive: true });
  copyFileSync(`/${BUNDLE}`, join(root, BUNDLE));
}

/** A shell and the usual small programs, as every image of the kind has them. */
export async function putBusybox(root: string): Promise<void> {
  const applets = await runCommand(join(root, 'bin/busybox'), ['--list']);
  for (const name of applets.split('\n')) if (name && name !== 'busybox') putLink(root, `bin/${name}`, '/bin/busybox');
}

const suiteOf = ({ suite, debs }: RootOptions): string[] => (suite ? aptOptionsOf(suite, join(debs, suite)) : []);

/** What apt would install on an empty machine, less the packages that only help to install. */
async function withLibraries(packages: readonly string[], options: RootOptions): Promise<Array<{ name: string; file: string }>> {
  const simulate = () =>
    runCommand('apt-get', ['install', '--simulate', '--no-install-recommends', ...suiteOf(options), '-o', 'Dir::State::status=/dev/null', ...packages], { signal: options.signal, env: { LC_ALL: 'C.UTF-8' } });
  let plan: string;
  try {
    plan = await simulate();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    await runCommand('apt-get', ['update', ...suiteOf(options)], { signal: options.signal, timeoutMs: 300_000 });
    plan = await simulate();
  }
  return plannedFiles(plan).filter(({ name }) => packages.includes(name) || (/^lib/.test(name) && !name.endsWith('-bin')) || /-(common|data)$/.test(name) || name === 'zlib1g');
}

/** From what apt says it would do, each package with the name of its file. */
export function plannedFiles(plan: string): Array<{ name: string; file: string }> {
  return [...plan.matchAll(/^Inst (\S+) \((\S+) .*\[(\w+)\]\)/gm)].map(([, name, version, architecture]) => ({
    name: name!,
    file: `${name}_${version!.replaceAll(':', '%3a')}_${architecture}.deb`,
  }));
}
