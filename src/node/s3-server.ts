import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CLUSTER_SOURCES } from './binaries.js';
import { goToolchain } from './go-toolchain.js';
import { NodeLock } from './node-lock.js';
import { NodeProblem } from './node-problem.js';
import { CommandFailed, runCommand, SYSTEM_PATH } from './run-command.js';

const SOURCES = join(CLUSTER_SOURCES, 's3-server');
const PACKAGE = 'github.com/versity/versitygw/cmd/versitygw';

export interface S3ServerOptions {
  readonly cacheDir: string;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The path of an S3 server for tests (versitygw), compiled where the cache does not have it, which takes some minutes. A
 * second run at the same time waits for the first. Throws `NodeProblem`.
 */
export async function prepareS3Server({ cacheDir, signal, onProgress = () => undefined }: S3ServerOptions): Promise<string> {
  const folder = join(cacheDir, `s3-server-${hashOfSources()}`);
  const program = join(folder, 'versitygw');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const lock = await NodeLock.acquire(join(folder, 'lock'), 'up', { signal });
  try {
    if (existsSync(program)) return program;
    onProgress('Compiling the S3 server of the tests.');
    const go = await goToolchain(cacheDir, { signal });
    const env = { PATH: `${dirname(go)}:${SYSTEM_PATH}`, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
    await runCommand('nice', ['-n', '10', go, 'build', '-trimpath', '-ldflags', '-s -w', '-o', `${program}.tmp`, PACKAGE], { cwd: SOURCES, env, signal, timeoutMs: 20 * 60_000 });
    renameSync(`${program}.tmp`, program);
    return program;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new NodeProblem(`The S3 server of the tests could not be compiled (${error.message}); check the network and the free disk.`, { cause: error });
  } finally {
    lock.release();
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(SOURCES, file)));
  return hash.digest('hex').slice(0, 16);
}
