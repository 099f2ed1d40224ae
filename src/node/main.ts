import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareBuilder, prepareBuilderClient } from './builder.js';
import { bringUp, purgeNode, release, status } from './embedded-node.js';
import { NODE_DIR } from './node-paths.js';
import { NodeProblem } from './node-problem.js';

const USAGE = `Usage:
  node dist/node/main.js up --home DIR --pid N --cache DIR [--ingress-port N]
  node dist/node/main.js down --home DIR --pid N [--purge]
  node dist/node/main.js builder --cache DIR [--client]
  node dist/node/main.js status
`;

/**
 * The embedded node's long work in a process of its own, so that it outlives the terminal of who asked for it. What it
 * does is written to the status file as it goes, and to bring-up.log.
 */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { home: { type: 'string' }, pid: { type: 'string' }, cache: { type: 'string' }, 'ingress-port': { type: 'string' }, purge: { type: 'boolean' }, client: { type: 'boolean' } },
  });
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  const { home, cache } = values;
  const pid = Number(values.pid);

  switch (positionals[0]) {
    case 'up': {
      if (!home || !cache || !Number.isInteger(pid)) break;
      const ingressPort = values['ingress-port'] === undefined ? undefined : Number(values['ingress-port']);
      let last = '';
      const info = await bringUp({
        home, cacheDir: cache, pid, ingressPort, signal: stop.signal,
        onProgress: ({ state, percent, message }) => {
          const line = `${state} ${percent} % ${message}`;
          if (line !== last) log(line);
          last = line;
        },
      });
      log(`ready for ${home}: ${JSON.stringify(info)}`);
      return 0;
    }
    case 'down': {
      if (!home || !Number.isInteger(pid)) break;
      const stopped = await release({ home, pid, signal: stop.signal });
      log(`released by ${home}${stopped ? '; the node was stopped' : '; others use the node'}`);
      if (values.purge) await purgeNode({ home, signal: stop.signal });
      return 0;
    }
    case 'builder': {
      if (!cache) break;
      if (values.client) {
        process.stdout.write(`${await prepareBuilderClient({ cacheDir: cache, signal: stop.signal, onProgress: (line) => process.stdout.write(`${line}\n`) })}\n`);
        return 0;
      }
      const builder = await prepareBuilder({ cacheDir: cache, signal: stop.signal, onProgress: log });
      log(`the builder is ready: ${JSON.stringify(builder)}`);
      return 0;
    }
    case 'status':
      process.stdout.write(`${JSON.stringify(await status(), null, 2)}\n`);
      return 0;
  }
  process.stderr.write(USAGE);
  return 2;
}

function log(line: string): void {
  const text = `${new Date().toISOString()} ${line}\n`;
  process.stdout.write(text);
  try {
    mkdirSync(join(NODE_DIR, 'logs'), { recursive: true, mode: 0o700 });
    appendFileSync(join(NODE_DIR, 'logs', 'bring-up.log'), text, { mode: 0o600 });
  } catch {
    // Without the right to write there, the error that follows says so.
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    log(error instanceof NodeProblem ? error.message : `failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(1);
  },
);
