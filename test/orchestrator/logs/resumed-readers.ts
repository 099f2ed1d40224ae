import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LABELS } from '../../../src/orchestrator/kubernetes/labels.js';
import { execInPod } from '../../../src/orchestrator/kubernetes/pod-exec.js';
import type { PodObject } from '../../../src/orchestrator/service/observed.js';
import { until } from '../../acceptance/rest-client.js';
import { Installation, type ServerProcess } from '../../faults/server-process.js';
import { DOORS, ResumingReader } from './resuming-reader.js';

/** Numbers its lines from 1 in each run, some fifty a second, and says last how many they were. USR1 ends it, USR2 silences it. */
const WRITER = `run=$(cat /proc/sys/kernel/random/uuid); i=0
trap 'over=1' USR1; trap 'quiet=1' USR2; trap 'exit 0' TERM
while [ -z "$over$quiet" ]; do i=$((i+1)); echo "$run $i of a writer: grüße"; usleep 18000; done
echo "$run end $i"
[ -z "$over" ] || exit 1
sleep 3600 & wait`;
const LINE = /^([0-9a-f-]{36}) (\d+) of a writer: grüße$/;
const END = /^([0-9a-f-]{36}) end (\d+)$/;

export interface Faults {
  replicas: number;
  /** In turn over the replicas. */
  containerRestarts: number;
  serverKills: number;
  /** Of each reader. */
  socketKills: number;
  /** Between two kills of a reader's socket. */
  everyMs: number;
}

/** One container between two restarts, as a reader has it. */
interface Run {
  numbers: number[];
  end: number | null;
}

/** A numbered writer is read while sockets, containers and servers are killed; each reader's account must come out to the line. */
export function resumedReaders({ replicas, containerRestarts, serverKills, socketKills, everyMs }: Faults): void {
  let installation: Installation;
  let server: ServerProcess;
  let serviceId: string;
  const readers: ResumingReader[] = [];

  beforeAll(async () => {
    installation = await Installation.make();
    server = await installation.server();
    const { body } = await server.rest.post('/api/deploy', { name: 'writer', image: 'busybox', command: ['sh', '-c'], args: [WRITER], replicas });
    serviceId = body.id;
    await until('it runs', () => server.rest.get(`/api/services/${serviceId}`), (answer) => answer.body.status === 'RUNNING', 90);
  }, 180_000);
  afterAll(async () => {
    await Promise.all(readers.map((reader) => reader.leave()));
    await installation?.remove();
  }, 120_000);

  const pods = async (): Promise<PodObject[]> => (await installation.kube.list<PodObject>('Pod', `${LABELS.service}=${serviceId}`)).items;
  const signalWriter = async ({ metadata }: PodObject, name: 'USR1' | 'USR2'): Promise<void> => {
    const end = await execInPod(installation.kube, { namespace: metadata.namespace!, pod: metadata.name, container: 'app', command: ['kill', `-${name}`, '1'], input: [], signal: AbortSignal.timeout(30_000) }, () => undefined);
    if (end.exitCode !== 0) throw new Error(`The writer could not be told ${name}: ${end.stderr}`);
  };

  async function restart(pod: PodObject, times: number): Promise<void> {
    for (let time = 1; time <= times; time += 1) {
      await signalWriter(pod, 'USR1');
      // Kubernetes waits longer before each restart.
      const isUp = (found: PodObject[]): boolean => {
        const status = found.find(({ metadata }) => metadata.name === pod.metadata.name)?.status?.containerStatuses?.[0];
        return status?.restartCount === time && status.state?.running !== undefined;
      };
      await until(`${pod.metadata.name} runs for the ${time + 1}. time`, pods, isUp, 180);
      await pause(2_000);
    }
  }

  async function killSockets(reader: ResumingReader): Promise<void> {
    for (let kills = 0; kills < socketKills; kills += 1) {
      await pause(everyMs);
      await reader.kill();
    }
  }

  async function killServer(): Promise<void> {
    for (let kills = 0; kills < serverKills; kills += 1) {
      await pause((socketKills * everyMs) / (serverKills + 1));
      await server.signal('SIGKILL');
      await server.start();
    }
  }

  test(`${socketKills} kills of each socket, ${containerRestarts} restarts of containers, ${serverKills} kills of the server: every line once, or named as lost`, async () => {
    for (const door of DOORS) readers.push(new ResumingReader(door, () => ({ url: server.url, token: server.token, serviceId })));
    const writers = await pods();
    const share = (index: number): number => Math.ceil((containerRestarts - index) / replicas);
    await Promise.all([...writers.map((pod, index) => restart(pod, share(index))), ...readers.map(killSockets), killServer()]);
    await Promise.all((await pods()).map((pod) => signalWriter(pod, 'USR2')));
    const wanted = replicas + containerRestarts;
    for (const reader of readers) {
      const ended = (): number => [...runsOf(reader).values()].filter(({ end }) => end !== null).length;
      // Where lines are missing that were named, the last word of a run may be among them.
      await reader.until(() => ended() >= wanted, () => `${ended()} of ${wanted} runs to their end, ${reader.gaps} gaps, ${reader.dropped} lost`, 90);
    }
    for (const reader of readers) {
      const runs = runsOf(reader);
      const produced = [...runs.values()].reduce((sum, { end }) => sum + end! + 1, 0);
      const delivered = reader.messages.length;
      process.stdout.write(`resumed over ${reader.door}: ${reader.connections} connections, ${runs.size} runs, produced ${produced}, delivered ${delivered}, announced lost ${reader.dropped}, gaps ${reader.gaps}\n`);
      expect(new Set(reader.messages).size).toBe(delivered);
      expect(reader.connections).toBeGreaterThan(socketKills);
      expect({ door: reader.door, runs: runs.size }).toEqual({ door: reader.door, runs: wanted });
      // A container that restarted twice while no server ran leaves a log that nobody can look at any more: that is named, whether lines are missing or not.
      if (reader.gaps === 0) expect({ door: reader.door, account: delivered + reader.dropped }).toEqual({ door: reader.door, account: produced });
      else expect(delivered + reader.dropped).toBeLessThanOrEqual(produced);
      for (const { numbers, end } of runs.values()) if (reader.dropped + reader.gaps === 0) expect(numbers).toEqual(Array.from({ length: end! }, (_none, index) => index + 1));
    }
  }, 180_000 + socketKills * everyMs * 2 + containerRestarts * 60_000);
}

/** Throws for a line that no writer wrote. */
function runsOf({ messages }: ResumingReader): Map<string, Run> {
  const runs = new Map<string, Run>();
  for (const message of messages) {
    const [, id, number] = LINE.exec(message) ?? END.exec(message) ?? [];
    if (!id) throw new Error(`Nobody wrote "${message}"`);
    const run = runs.get(id) ?? { numbers: [], end: null };
    runs.set(id, run);
    if (END.test(message)) run.end = Number(number);
    else run.numbers.push(Number(number));
  }
  return runs;
}
