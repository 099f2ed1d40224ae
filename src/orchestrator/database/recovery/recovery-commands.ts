import type { EngineRecovery } from '../../../entities/engine-recovery.js';
import { EngineRefused } from '../backup/engine-content.js';
import type { OpenEngine } from '../backup/engine-access.js';
import { execInPod } from '../../kubernetes/pod-exec.js';
import { CONTAINER } from '../database-workload.js';
import { runScript } from '../engine-commands.js';

const SEGMENT_DEADLINE_MS = 60_000;

/** What there is to archive. */
export interface LogLook {
  /** A new chain begins with this segment. */
  began: number | null;
  /** All that was committed until then is in the archive, once the segments are. */
  reachedAt: Date;
  /** Null where nothing was committed. */
  ended: { snapshot: string; switched: string; current: number; nameOf: (segment: number) => string } | null;
}

/** Throws a TypeError for an engine that has none. */
export function recoveryOf({ at }: OpenEngine): EngineRecovery {
  if (!at.engine.recovery) throw new TypeError('This engine has no recovery to a point in time');
  return at.engine.recovery;
}

/** Asks what is to be archived, and ends the present segment where something was committed. Throws `EngineRefused`. */
export async function lookAtLog(engine: OpenEngine, known: { next: number | null; snapshot: string | null }, signal: AbortSignal): Promise<LogLook> {
  const text = await told(engine, `NEXT=${known.next ?? ''}; SNAPSHOT=${known.snapshot ?? ''}\n${recoveryOf(engine).look}`, signal);
  const values = new Map(text.split('\n').map((line) => line.trim().split(' ') as [string, string]));
  const number = (name: string): number => Number(values.get(name));
  const isEnded = values.has('size');
  return {
    began: values.has('began') ? number('began') : null,
    reachedAt: new Date(number('reached')),
    ended: isEnded ? { snapshot: values.get('snapshot') ?? '', switched: values.get('switched') ?? '', current: number('current'), nameOf: (segment) => segmentName(number('timeline'), segment, number('size')) } : null,
  };
}

/** As PostgreSQL calls it: timeline, and the number in two parts. */
function segmentName(timeline: number, segment: number, size: number): string {
  const inOne = 2 ** 32 / size;
  return [timeline, Math.floor(segment / inOne), segment % inOne].map((part) => part.toString(16).toUpperCase().padStart(8, '0')).join('');
}

/** One segment, compressed: some MiB at most. Throws `EngineRefused`. */
export async function readSegment({ at, password }: OpenEngine, name: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const command = ['sh', '-c', `read -r P; NAME=${name}; ${at.engine.recovery?.segment ?? 'false'}; exit $?`];
  const { exitCode, stderr } = await execInPod(
    at.client,
    { namespace: at.namespace, pod: at.pod, container: CONTAINER, command, input: [Buffer.from(`${password}\n`)], signal: AbortSignal.any([signal, AbortSignal.timeout(SEGMENT_DEADLINE_MS)]) },
    (chunk) => void chunks.push(Buffer.from(chunk)),
  );
  if (exitCode !== 0) throw new EngineRefused('The engine did not give a segment of its log', stderr, password);
  return Buffer.concat(chunks);
}

/** The engine may let go of what was archived. */
export async function letGo(engine: OpenEngine, switched: string, signal: AbortSignal): Promise<void> {
  if (!/^[0-9A-F]+\/[0-9A-F]+$/i.test(switched)) throw new TypeError('Not a place in a log');
  await told(engine, `SWITCHED=${switched}; ${recoveryOf(engine).advance}`, signal);
}

/** The number of the present segment, and the engine's time. */
export async function presentSegment(engine: OpenEngine, signal: AbortSignal): Promise<{ segment: number; time: Date }> {
  const [segment, time] = (await told(engine, recoveryOf(engine).now, signal)).split(' ').map(Number);
  return { segment: segment ?? Number.NaN, time: new Date(time ?? Number.NaN) };
}

/** The engine keeps no log for us any more. */
export async function endLog(engine: OpenEngine, signal: AbortSignal): Promise<void> {
  await told(engine, recoveryOf(engine).end, signal);
}

/** Nothing of a recovery that was cut off is left in the pod. */
export async function cleanRecovery(engine: OpenEngine, signal: AbortSignal): Promise<void> {
  await told(engine, recoveryOf(engine).clean, signal);
}

async function told({ at, password }: OpenEngine, script: string, signal: AbortSignal): Promise<string> {
  const { end, output } = await runScript(at, `read -r P; ${script}`, [password], signal);
  if (end.exitCode !== 0) throw new EngineRefused('The engine did not keep its log for a recovery', end.stderr, password);
  return output.trim();
}
