import { once } from 'node:events';
import { PassThrough, pipeline } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { execInPod } from '../../kubernetes/pod-exec.js';
import { CONTAINER } from '../database-workload.js';
import type { EnginePod } from '../engine-commands.js';

const KEPT_MESSAGE = 300;

/** An engine refused; the message is its own first line, without the password. */
export class EngineRefused extends Error {
  constructor(what: string, stderr: string, password: string) {
    const [line = ''] = stderr.split('\n').map((text) => text.trim()).filter(Boolean);
    super(`${what}${line ? `: ${line.replaceAll(password, '…').slice(0, KEPT_MESSAGE)}` : '.'}`);
    this.name = 'EngineRefused';
  }
}

/**
 * The content of an engine, compressed while it is read and never whole in memory: a slow reader slows the engine down.
 * The stream fails unless the engine says that this was all.
 */
export async function* readContent(at: EnginePod, password: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const ended = new AbortController();
  const whole = AbortSignal.any([signal, ended.signal]);
  const content = new PassThrough();
  const compressed = pipeline(content, createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } }), (error) => error && ended.abort(error));
  const dump = execInPod(at.client, { ...where(at, `read -r P; ${at.engine.dump}`), input: [Buffer.from(`${password}\n`)], signal: whole }, async (chunk) => {
    if (!content.write(chunk)) await once(content, 'drain', { signal: whole });
  }).then(
    ({ exitCode, stderr }) => (exitCode === 0 ? void content.end() : void content.destroy(new EngineRefused('The engine did not give its content', stderr, password))),
    (error: Error) => void content.destroy(error),
  );
  try {
    yield* compressed as AsyncIterable<Buffer>;
  } finally {
    ended.abort(new Error('Nobody reads on'));
    content.destroy();
    await dump;
  }
}

/** Brings compressed content into the pod, beside what the engine has; nothing of that is touched. Throws `EngineRefused`. */
export async function stageContent(at: EnginePod, password: string, compressed: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> {
  const plain = pipeline(compressed, createZstdDecompress(), () => undefined);
  async function* input(): AsyncGenerator<Buffer> {
    yield Buffer.from(`${password}\n`);
    yield* plain as AsyncIterable<Buffer>;
  }
  try {
    await runStep(at, at.engine.restore.stage, 'The engine did not take the content of the backup', password, input(), signal);
  } finally {
    plain.destroy();
  }
}

/** Puts what was staged in the place of what the engine has, which is kept until the new content has answered. */
export async function adoptContent(at: EnginePod, password: string, signal: AbortSignal): Promise<void> {
  await runStep(at, at.engine.restore.adopt, 'The content of the backup did not take its place; the old content is back', password, [Buffer.from(`${password}\n`)], signal);
}

async function runStep(at: EnginePod, script: string, what: string, password: string, input: AsyncIterable<Buffer> | Iterable<Buffer>, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await execInPod(at.client, { ...where(at, `read -r P; ${script}`), input, signal }, () => undefined);
  if (exitCode !== 0) throw new EngineRefused(what, stderr, password);
}

const where = ({ namespace, pod }: EnginePod, script: string) => ({ namespace, pod, container: CONTAINER, command: ['sh', '-c', script] });
