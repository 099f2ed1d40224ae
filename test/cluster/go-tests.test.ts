import { expect, test } from '@jest/globals';
import { CLUSTER_SOURCES } from '../../src/node/binaries.js';
import { goToolchain } from '../../src/node/go-toolchain.js';
import { tryCommand } from '../../src/node/run-command.js';
import { CACHE } from '../node/live-cluster.js';

const COLD_MS = 15 * 60_000;

// These packages and settings share what build.sh compiles, so nothing of Kubernetes is compiled for them once more.
test('the Go module passes its own tests', async () => {
  const go = await goToolchain(CACHE);
  const { code, stdout, stderr } = await tryCommand('nice', ['-n', '5', go, 'test', '-trimpath', './internal/...', './cmd/hello'], {
    cwd: CLUSTER_SOURCES,
    env: { CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' },
    timeoutMs: COLD_MS,
  });
  if (code !== 0) throw new Error(`go test ended with code ${code}:\n${stdout}\n${stderr}`);
  for (const name of ['image', 'ingress', 'supervise', 'volumes']) expect(stdout).toMatch(new RegExp(`^ok\\s+\\S+/internal/${name}\\s`, 'm'));
}, COLD_MS);
