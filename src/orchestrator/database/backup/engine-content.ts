import { once } from 'node:events';
import { PassThrough, pipeline } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { OLD_CONTENT_LOST } from '../../../entities/engine-restore.js';
import { execInPod, type Command, type CommandEnd } from '../../kubernetes/pod-exec.js';
import { CONTAINER } from '../database-workload.js';
import type { EnginePod } from '../engine-commands.js';

const KEPT_MESSAGE = 300;
/** What an engine needs beside the content itself, in KiB. */
const SPARE_ROOM = 32 * 1024;

/** How the engines' clients begin what they say of an error. Other lines may quote the content, which is nobody's business here. */
const ERROR_LINE = /^(ERROR|FATAL|psql: error|psql:.*(ERROR|FATAL|error)|mariadb-dump: |mysqldump: |pg_dump: error|Failed: |Fatal|.* (ERR|NOAUTH|WRONGPASS|LOADING|OOM|MISCONF) )/;

/** An engine refused; the message has the line in which it says why, without the password. */
export class EngineRefused extends Error {
  constructor(what: string, stderr: string, password: string) {
    const line = stderr.split('\n').map((text) => text.trim()).find((text) => ERROR_LINE.test(text)) ?? '';
    super(`${what}${line ? `: ${line.replaceAll(password, '…').slice(0, KEPT_MESSAGE)}` : '.'}`);
    this.name = 'EngineRefused';
  }
}

/**
 * The content of an engine, compressed while it is read and never whole in memory: a slow reader slows the engine down.
 * The stream fails unless the engine says that this was all; `read` is told of all bytes before they are compressed.
 */
export function readContent(at: EnginePod, password: string, read: (bytes: number) => void, signal: AbortSignal): AsyncGenerator<Buffer> {
  return readCompressed(at, password, at.engine.dump, read, signal);
}

/** The same of what another script of the engine's writes. */
export async function* readCompressed(at: EnginePod, password: string, script: string, read: (bytes: number) => void, signal: AbortSignal): AsyncGenerator<Buffer> {
  const ended = new AbortController();
  const whole = AbortSignal.any([signal, ended.signal]);
  const content = new PassThrough();
  const compressed = pipeline(content, createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } }), (error) => error && ended.abort(error));
  const dump = execInPod(at.client, { ...where(at, `read -r P; ${script}`), input: [Buffer.from(`${password}\n`)], signal: whole }, async (chunk) => {
    read(chunk.length);
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

/** Brings compressed content of `bytes` in all into the pod, beside what the engine has; nothing of that is touched. Throws `EngineRefused`. */
export async function stageContent(at: EnginePod, password: string, restoreId: string, compressed: AsyncIterable<Buffer>, bytes: number, signal: AbortSignal): Promise<void> {
  const plain = pipeline(compressed, createZstdDecompress(), () => undefined);
  try {
    await stageInput(at, password, `R=${restoreId}; ${at.engine.restore.stage}`, bytes, { input: plain as AsyncIterable<Buffer>, endsInput: false }, signal);
  } finally {
    plain.destroy();
  }
}

/** Stages what a script makes of its input, where there is room for `bytes` beside what is there; it finds them in `$N`. Throws `EngineRefused`. */
export async function stageInput(at: EnginePod, password: string, script: string, bytes: number, { input, endsInput }: { input: AsyncIterable<Buffer>; endsInput: boolean }, signal: AbortSignal): Promise<void> {
  async function* withPassword(): AsyncGenerator<Buffer> {
    yield Buffer.from(`${password}\n`);
    yield* input;
  }
  const { exitCode, stderr } = await runStep(at, untilRead(`N=${bytes}; ${room(at)}\n${script}`), { input: withPassword(), endsInput }, signal);
  if (exitCode !== 0) throw new EngineRefused('The engine did not take the content of the backup; the database is as it was', stderr, password);
}

/** Puts what was staged in the place of what the engine has, which is kept until the new content has answered. */
export async function adoptContent(at: EnginePod, password: string, restoreId: string, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await runStep(at, `R=${restoreId}; ${ALONE}\n${at.engine.restore.adopt}`, { input: [Buffer.from(`${password}\n`)] }, signal);
  if (exitCode === OLD_CONTENT_LOST) throw new EngineRefused('The content of the backup did not take its place, and the old content could not be put back: restore a backup again', stderr, password);
  if (exitCode !== 0) throw new EngineRefused('The content of the backup did not take its place; the old content is back', stderr, password);
}

/** Undoes what an adoption that was cut off has done; nothing where there is nothing to undo. Throws `EngineRefused`. */
export async function putOldContentBack(at: EnginePod, password: string, restoreId: string, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await runStep(at, `R=${restoreId}; ${ALONE}\n${at.engine.restore.putBack}`, { input: [Buffer.from(`${password}\n`)] }, signal);
  if (exitCode !== 0) throw new EngineRefused('The restore was cut off twice, and the old content could not be put back: restore a backup again', stderr, password);
}

/**
 * Shell: one that fails reads the rest of its input before it ends, until none has come for 5 s. A command that ends with input
 * unread is never told of as ended: containerd 1.6 goes on trying to hand it over.
 */
const untilRead = (script: string): string => `( ${script}\n); end=$?
[ $end -eq 0 ] || while [ "$(timeout 5 head -c 1048576 | wc -c)" -gt 0 ]; do :; done
exit $end`;

/** Shell: what was cut off here may still be at work in the pod, for nobody ends it there. */
const ALONE = 'exec 8>> /tmp/.apex-restore-lock; flock -w 300 8 || { echo "ERROR: a restore that was cut off is still at work" >&2; exit 3; }';

/** Shell: fails where the volume is too small for the old content and the new one together. */
const room = ({ engine }: EnginePod): string =>
  `[ "$(df -Pk "${engine.mount}" | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)" -gt "$((N / 1024 + ${SPARE_ROOM}))" ] || { echo "ERROR: its storage has too little room for it beside the old content: resize the database first" >&2; exit 3; }`;

const runStep = (at: EnginePod, script: string, input: Pick<Command, 'input' | 'endsInput'>, signal: AbortSignal): Promise<CommandEnd> =>
  execInPod(at.client, { ...where(at, `read -r P; ${script}`), ...input, signal }, () => undefined);

const where = ({ namespace, pod }: EnginePod, script: string) => ({ namespace, pod, container: CONTAINER, command: ['sh', '-c', script] });
