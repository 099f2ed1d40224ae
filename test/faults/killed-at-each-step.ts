import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { readCredentials } from '../../src/orchestrator/kubernetes/cluster-source.js';
import { until } from '../acceptance/rest-client.js';
import { theCluster } from '../orchestrator/cluster-installation.js';
import { ApiProxy } from './api-proxy.js';
import { assertInvariants } from './invariants.js';
import { Installation, type ServerProcess } from './server-process.js';

/** A step of a deploy: a state that is written, or a call to the cluster. */
export type Step = { state: string } | { call: string };
export type Cut = readonly [when: 'before' | 'after', step: Step];

/** All that a first deploy with a pre-deploy step does, in its order. */
export const STEPS: readonly Step[] = [
  { state: 'PREPARING' }, { state: 'PRE_DEPLOY' }, { call: 'PATCH /secrets/' }, { call: 'PATCH /jobs/' }, { state: 'ROLLING_OUT' }, { call: 'PATCH /services/' },
  { call: 'PATCH /networkpolicies/' }, { call: 'PATCH /deployments/' }, { call: 'PATCH /ingresses/' }, { state: 'LIVE' }, { call: 'DELETE /jobs/' },
];

const told = (step: Step): string => ('state' in step ? `the state ${step.state}` : step.call);
const LOCK = 77_001;
const SERVES = ['sh', '-c', 'trap "exit 0" TERM; httpd -f -p 8080 & wait'];

/** Kills the server with `kill -9` exactly before or after steps of a deploy: each such deploy becomes live, once. */
export function killedAtEachStep(cuts: readonly Cut[]): void {
  let folder: string;
  let proxy: ApiProxy;
  let installation: Installation;
  let server: ServerProcess;
  let admin: pg.Client;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'apex-each-step-'));
    proxy = await ApiProxy.before(readCredentials(theCluster()).load());
    writeFileSync(join(folder, 'kubeconfig'), proxy.kubeconfig, { mode: 0o600 });
    installation = await Installation.make();
    admin = new pg.Client({ connectionString: installation.database.url, application_name: 'holder' });
    await admin.connect();
    await admin.query(`
      create table held_state (state text);
      create function hold_state() returns trigger language plpgsql as $$
      begin
        if exists (select 1 from held_state where state = new.state) then perform pg_advisory_xact_lock_shared(${LOCK}); end if;
        return new;
      end $$;
      create trigger hold_state before update of state on deployment for each row execute function hold_state()`);
    server = await installation.server({ KUBECONFIG: join(folder, 'kubeconfig') });
  }, 90_000);
  afterAll(async () => {
    // Before its database goes.
    await admin?.end();
    await installation?.remove();
    await proxy?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const deploy = async (name: string): Promise<string> => {
    const input = { name, image: 'busybox', command: SERVES, containerPort: 8080, public: true, env: { STEP: name }, preDeploy: { command: ['true'], timeoutSeconds: 60 } };
    const { status, body } = await server.rest.post('/api/deploy', input);
    expect(status).toBe(200);
    return body.id;
  };

  /** The transaction that writes the state waits for a lock of ours; it ends with the process that began it. */
  async function killBeforeState(name: string, state: string): Promise<string> {
    await admin.query('insert into held_state values ($1)', [state]);
    await admin.query('select pg_advisory_lock($1)', [LOCK]);
    const id = await deploy(name);
    await until(`${state} is about to be written`, () => admin.query(`select 1 from pg_locks where locktype = 'advisory' and objid = ${LOCK} and not granted`), ({ rowCount }) => rowCount === 1);
    await server.signal('SIGKILL');
    await admin.query('delete from held_state');
    await admin.query('select pg_advisory_unlock($1)', [LOCK]);
    return id;
  }

  async function killAfterState(name: string, state: string): Promise<string> {
    const id = await deploy(name);
    for (const end = Date.now() + 60_000; ; await pause(5)) {
      const { rowCount } = await admin.query('select 1 from deployment_event e join deployment d on d.id = e.deployment_id where d.service_id = $1 and e.state = $2', [id, state]);
      if (rowCount) break;
      if (Date.now() > end) throw new Error(`The state ${state} is not written`);
    }
    await server.signal('SIGKILL');
    return id;
  }

  /** The call has reached the proxy, and goes on to the API server ("after"; its answer is never seen) or does not. */
  async function killAtCall(name: string, when: 'before' | 'after', call: string): Promise<string> {
    const [method, part] = call.split(' ') as [string, string];
    const reached = Promise.withResolvers<void>();
    let caught = false;
    proxy.fault = (req) => {
      if (caught || req.method !== method || !req.url?.includes(part)) return null;
      caught = true;
      if (when === 'after') return { until: Promise.resolve(), passed: () => reached.resolve() };
      reached.resolve();
      return 'hang';
    };
    const id = await deploy(name);
    await until(`${call} is sent`, () => Promise.race([reached.promise.then(() => true), pause(100, false)]), Boolean);
    await server.signal('SIGKILL');
    proxy.fault = () => null;
    return id;
  }

  test.each(cuts.map(([when, step], index) => [when, told(step), step, `cut-${index}`] as const))('kill -9 %s %s: the deploy becomes live, once', async (when, _, step, name) => {
    const id = 'call' in step ? await killAtCall(name, when, step.call) : when === 'before' ? await killBeforeState(name, step.state) : await killAfterState(name, step.state);
    await server.start();
    const { body } = await server.rest.get(`/api/services/${id}`);
    expect(await server.rest.endOfDeployment(body.latestDeployment.id)).toMatchObject({ state: 'LIVE', release: 1 });
    await assertInvariants(installation);
    const events = await installation.rows<{ state: string }>('select e.state from deployment_event e join deployment d on d.id = e.deployment_id where d.service_id = ? order by e.number', [id]);
    const states = events.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
    expect(states).toEqual(['QUEUED', 'PREPARING', 'PRE_DEPLOY', 'ROLLING_OUT', 'LIVE']);
    expect((await server.rest.delete(`/api/services/${id}`)).status).toBe(200);
  }, 180_000);

  test('nothing of them is left', async () => {
    const left = async (): Promise<unknown[]> => (await Promise.all((['Deployment', 'Pod', 'Secret', 'Service', 'Job'] as const).map((kind) => installation.objects(kind)))).flat();
    await until('deleted services leave nothing', left, (objects) => objects.length === 0, 90);
  }, 120_000);
}
