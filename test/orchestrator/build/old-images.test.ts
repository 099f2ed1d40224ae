import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildState } from '../../../src/entities/build-state.js';
import { Build } from '../../../src/entities/build.js';
import { builtImage, EMBEDDED_PLACE } from '../../../src/entities/built-image.js';
import { Deployment } from '../../../src/entities/deployment.js';
import { Release } from '../../../src/entities/release.js';
import { Service } from '../../../src/entities/service.js';
import { StoredImage } from '../../../src/entities/stored-image.js';
import { createLogger } from '../../../src/logger.js';
import { collectRegistryRubbish } from '../../../src/node/registry-rubbish.js';
import { OldImages } from '../../../src/orchestrator/build/old-images.js';
import { addToLayout, digestOf, MANIFEST, putBlob } from '../../../src/outside/oci-layout.js';
import { signedDoor } from '../../../src/outside/registry-door.js';
import { RegistryTransfer } from '../../../src/outside/registry-transfer.js';
import { startRegistry } from '../../support/registry-process.js';
import { TestApi, type TestAccount } from '../../support/test-api.js';
import { insertRunningService } from '../../support/rows.js';

const NODE_DIR = process.env['APEX_NODE_DIR'] ?? '/var/lib/apex-node';
const signal = AbortSignal.timeout(60_000);
let api: TestApi;
let ada: TestAccount;
let folder: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
let transfer: RegistryTransfer;
let images: OldImages;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-old-images-'));
  [api, registry] = await Promise.all([TestApi.start(), startRegistry(folder)]);
  ada = await api.account('Ada');
  transfer = new RegistryTransfer(signedDoor(new URL(`http://${registry.host}`), null));
  images = new OldImages({ find: () => ({ place: EMBEDDED_PLACE, isOperators: false, pullLogin: () => null, transfer: () => transfer }) }, 2, createLogger('silent'));
});
afterAll(async () => {
  await registry?.stop();
  await api?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** An image of one layer that is like no other, in the service's repository. */
async function store(service: Service): Promise<string> {
  const layout = mkdtempSync(join(folder, 'layout-'));
  const blob = (content: string) => {
    const bytes = Buffer.from(content);
    putBlob(layout, digestOf(bytes), bytes);
    return { digest: digestOf(bytes), size: bytes.length };
  };
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', ...blob(JSON.stringify({ os: 'linux', id: randomUUID() })) };
  const manifest = blob(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [] }));
  addToLayout(layout, { mediaType: MANIFEST, ...manifest });
  const digest = await transfer.push(layout, repositoryOf(service), [randomUUID()], signal);
  await api.database.orm.em.fork().insert(StoredImage, { image: builtImage(EMBEDDED_PLACE, service.teamId, service.id), serviceId: service.id, teamId: service.teamId, digest, createdAt: new Date() });
  return digest;
}
const repositoryOf = ({ teamId, id }: Service): string => builtImage(EMBEDDED_PLACE, teamId, id).replace('apex.local/', '');
const insert = (name: string): Promise<Service> => insertRunningService(api.database, name, { teamId: ada.teamId });
const release = (service: Service, number: number, digest: string): Promise<unknown> =>
  api.database.orm.em.fork().persist(Object.assign(new Release(), { serviceId: service.id, number, digest, spec: { image: builtImage(EMBEDDED_PLACE, service.teamId, service.id) } })).flush();
const left = async (service: Service, digests: readonly string[]): Promise<boolean[]> =>
  Promise.all(digests.map(async (digest) => (await fetch(`http://${registry.host}/v2/${repositoryOf(service)}/manifests/${digest}`, { headers: { accept: MANIFEST } })).ok));
const forget = (): Promise<number> => images.forget(api.database.orm.em.fork(), signal);

test('images of old releases go; those of the newest ones stay, and those that serve, were promoted, were built last or are being built', async () => {
  const { em } = api.database.orm;
  const [web, staging, busy] = [await insert('web'), await insert('staging'), await insert('busy')];
  const digests = await Promise.all([1, 2, 3, 4, 5, 6].map(() => store(web)));
  const [gone, serving, promoted, third, fourth, built] = digests as [string, string, string, string, string, string];
  for (const [n, digest] of [gone, serving, promoted, third, fourth].entries()) await release(web, n + 1, digest);
  await em.fork().nativeUpdate(Deployment, { id: web.currentDeploymentId! }, { digest: serving });
  await release(staging, 1, promoted);
  await em.fork().persist(Object.assign(new Build(), { deploymentId: web.latestDeploymentId, serviceId: web.id, teamId: web.teamId, state: BuildState.SUCCEEDED, digest: built, request: {} })).flush();
  const again = await store(busy);
  const building = Object.assign(new Build(), { deploymentId: busy.latestDeploymentId, serviceId: busy.id, teamId: busy.teamId, state: BuildState.RUNNING, request: {} });
  await em.fork().persist(building).flush();

  expect(await forget()).toBe(1);
  expect(await left(web, digests)).toEqual([false, true, true, true, true, true]);
  expect(await left(busy, [again])).toEqual([true]);
  expect(await forget()).toBe(0);

  await em.fork().nativeUpdate(Build, { id: building.id }, { state: BuildState.FAILED });
  expect(await forget()).toBe(1);
  expect(await left(busy, [again])).toEqual([false]);
});

test('the room of what was taken out is given back while the registry does not run, and nothing else is touched', async () => {
  const service = await insert('room');
  const [kept, other] = [await store(service), await store(service)];
  await release(service, 1, kept);
  await forget();
  const blobs = (): string[] => readdirSync(join(folder, 'data', 'docker', 'registry', 'v2', 'blobs', 'sha256'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('/data'));
  const held = (digest: string): boolean => blobs().some((path) => path.includes(digest.slice('sha256:'.length)));
  expect([held(kept), held(other)]).toEqual([true, true]);
  await registry.stop();
  await collectRegistryRubbish({ program: join(NODE_DIR, 'bin', 'registry'), config: registry.config, folder: join(folder, 'data') });
  expect([held(kept), held(other)]).toEqual([true, false]);
});
