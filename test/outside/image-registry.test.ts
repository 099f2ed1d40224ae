import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { GuardedFetch } from '../../src/outside/guarded-fetch.js';
import { ImageRegistry, readMirrors } from '../../src/outside/image-registry.js';
import { startRegistry, type RegistryProcess } from '../support/registry-process.js';

const LOGIN = { username: 'reader', password: 'let-me-in' };
const MANIFEST = JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] });
const DIGEST = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`;

let folder: string;
let registry: RegistryProcess;
let open: string;
let closed: string;
let gate: Server;
let guard: GuardedFetch;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-registry-'));
  registry = await startRegistry(folder);
  open = registry.host;
  gate = createServer((incoming, response) => void answerAtGate(incoming, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => gate.once('listening', resolve));
  closed = `127.0.0.1:${(gate.address() as AddressInfo).port}`;
  guard = new GuardedFetch([closed]);
  await push(open, 'team/app', '1');
});
afterAll(async () => {
  await guard.close();
  gate.closeAllConnections();
  gate.close();
  await registry.stop();
  rmSync(folder, { recursive: true });
});

/** What stands before a private registry: it asks for a token of its own and gives one to who has the password. */
async function answerAtGate(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '', 'http://gate');
  const { authorization } = incoming.headers;
  if (url.pathname === '/token') {
    const basic = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;
    if (authorization && authorization !== basic) return void response.writeHead(401).end();
    return void response.end(JSON.stringify({ token: authorization === basic ? `for ${url.searchParams.get('scope')}` : 'anonymous' }));
  }
  const scope = `repository:${url.pathname.split('/').slice(2, -2).join('/')}:pull`;
  if (authorization !== `Bearer for ${scope}`) {
    response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${closed}/token",service="gate",scope="${scope}"` });
    return void response.end();
  }
  const answer = await fetch(`http://${open}${url.pathname}`, { method: incoming.method ?? 'GET', headers: { accept: incoming.headers.accept ?? '*/*' } });
  response.writeHead(answer.status, { 'docker-content-digest': answer.headers.get('docker-content-digest') ?? '' }).end();
}

async function push(registry: string, repository: string, tag: string): Promise<void> {
  const { status } = await fetch(`http://${registry}/v2/${repository}/manifests/${tag}`, { method: 'PUT', body: MANIFEST, headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } });
  expect(status).toBe(201);
}

const registryWith = (settings: string[]): ImageRegistry => new ImageRegistry(guard, () => readMirrors(settings));

test('a tag becomes its digest, through a mirror, whichever way the registry is written', async () => {
  const registry = registryWith([`docker.io=http://${open}`]);
  for (const image of ['team/app:1', 'docker.io/team/app:1', 'index.docker.io/team/app:1']) expect(await registry.resolve(image, null)).toEqual({ kind: 'found', digest: DIGEST });
  expect(await registry.resolve(`team/app@${DIGEST}`, null)).toEqual({ kind: 'found', digest: DIGEST });
});

test('what moves under a tag is seen at the next look', async () => {
  const other = MANIFEST.replace('"manifests":[]', '"manifests":[],"annotations":{"a":"b"}');
  await fetch(`http://${open}/v2/team/moving/manifests/latest`, { method: 'PUT', body: MANIFEST, headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } });
  const registry = registryWith([`apex.local=http://${open}`]);
  expect(await registry.resolve('apex.local/team/moving', null)).toMatchObject({ digest: DIGEST });
  await fetch(`http://${open}/v2/team/moving/manifests/latest`, { method: 'PUT', body: other, headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } });
  expect(await registry.resolve('apex.local/team/moving', null)).toMatchObject({ digest: `sha256:${createHash('sha256').update(other).digest('hex')}` });
});

test('an image that is not there is not found, and a registry that is away says nothing about it', async () => {
  expect(await registryWith([`apex.local=http://${open}`]).resolve('apex.local/team/nothing:1', null)).toEqual({ kind: 'not-found', message: expect.stringContaining('team/nothing:1') });
  expect(await registryWith([]).resolve('registry.invalid/a:1', null)).toMatchObject({ kind: 'unreachable' });
});

test('an internal registry is refused unless the operator allows it', async () => {
  expect(await registryWith([]).resolve(`${open}/team/app:1`, null)).toMatchObject({ kind: 'refused', message: expect.stringContaining('APEX_ALLOWED_INTERNAL') });
});

test('a private registry gives its image to who has the password, and says no to others', async () => {
  const registry = registryWith([]);
  expect(await registry.resolve(`${closed}/team/app:1`, LOGIN)).toEqual({ kind: 'found', digest: DIGEST });
  expect(await registry.resolve(`${closed}/team/nothing:1`, LOGIN)).toMatchObject({ kind: 'not-found' });
  for (const login of [null, { ...LOGIN, password: 'guessed' }]) {
    const answer = await registry.resolve(`${closed}/team/app:1`, login);
    expect(answer).toMatchObject({ kind: 'unauthorized' });
    expect(JSON.stringify(answer)).not.toContain('guessed');
  }
});

test('settings that make no sense are left out', () => {
  expect([...readMirrors(['docker.io=http://a:1', 'docker.io=http://b:2', 'nonsense', '=http://x'])]).toEqual([['docker.io', ['http://a:1', 'http://b:2']]]);
  expect([...readMirrors([], { registry: '127.0.0.1:5000', seeded: true })]).toEqual([['apex.local', ['http://127.0.0.1:5000']], ['docker.io', ['http://127.0.0.1:5000']]]);
});
