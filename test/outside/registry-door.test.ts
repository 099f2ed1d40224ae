import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addToLayout, digestOf, MANIFEST, putBlob } from '../../src/outside/oci-layout.js';
import { PasswordDoor, signedDoor } from '../../src/outside/registry-door.js';
import { newTokenKey, registryToken, type RegistryAction } from '../../src/outside/registry-token.js';
import { RegistryTransfer } from '../../src/outside/registry-transfer.js';
import { READER, startPrivateRegistry, WRITER, type PrivateRegistry } from '../support/private-registry.js';
import { startNodeRegistry } from '../support/registry-process.js';

const OURS = 'teams/ours/web';
const THEIRS = 'teams/theirs/web';
const signal = AbortSignal.timeout(120_000);
const folder = mkdtempSync(join(tmpdir(), 'apex-doors-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The layout of an image of one layer. */
function layout(content: string): { path: string; layer: string; digest: string } {
  const path = mkdtempSync(join(folder, 'layout-'));
  const blob = (text: string) => {
    const bytes = Buffer.from(text);
    putBlob(path, digestOf(bytes), bytes);
    return { digest: digestOf(bytes), size: bytes.length };
  };
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', ...blob('{"os":"linux"}') };
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', ...blob(content) };
  const manifest = blob(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] }));
  addToLayout(path, { mediaType: MANIFEST, ...manifest });
  return { path, layer: layer.digest, digest: manifest.digest };
}

describe("the node's registry", () => {
  let registry: Awaited<ReturnType<typeof startNodeRegistry>>;
  let transfer: RegistryTransfer;
  const ours = layout('what is ours');
  const theirs = layout('what is theirs');

  beforeAll(async () => {
    registry = await startNodeRegistry(mkdtempSync(join(folder, 'node-')));
    transfer = new RegistryTransfer(signedDoor(new URL(`http://${registry.host}`), registry.key));
    await transfer.push(ours.path, OURS, ['latest'], signal);
    await transfer.push(theirs.path, THEIRS, ['latest'], signal);
  });
  afterAll(() => registry?.stop());

  const status = async (token: string | null, method: string, path: string, body?: string): Promise<number> =>
    (await fetch(`http://${registry.host}/v2/${path}`, { method, headers: { accept: MANIFEST, 'content-type': MANIFEST, ...(token !== null && { authorization: `Bearer ${token}` }) }, ...(body && { body }) })).status;
  const tokenFor = (repository: string, actions: readonly RegistryAction[], key = registry.key): string => registryToken(key, { subject: 'tests', repository, actions, seconds: 60 });

  it('gives and takes nothing without a token', async () => {
    for (const token of [null, 'nonsense', tokenFor(OURS, ['pull', 'push', 'delete'], newTokenKey()), registryToken(registry.key, { subject: 'tests', repository: OURS, actions: ['pull'], seconds: -120 })]) {
      for (const [method, path] of [['GET', ''], ['GET', '_catalog'], ['GET', `${OURS}/tags/list`], ['HEAD', `${OURS}/manifests/latest`], ['GET', `${OURS}/blobs/${ours.layer}`], ['POST', `${OURS}/blobs/uploads/`], ['PUT', `${OURS}/manifests/latest`], ['DELETE', `${OURS}/manifests/${ours.digest}`]] as const) {
        expect([method, path, await status(token, method, path, method === 'PUT' ? '{}' : undefined)]).toEqual([method, path, 401]);
      }
    }
  });

  it("gives nothing of another team's with the token of one, takes nothing for it, and hands no layer over", async () => {
    const token = tokenFor(OURS, ['pull', 'push', 'delete']);
    expect(await status(token, 'HEAD', `${OURS}/manifests/latest`)).toBe(200);
    for (const [method, path] of [['GET', '_catalog'], ['GET', `${THEIRS}/tags/list`], ['HEAD', `${THEIRS}/manifests/latest`], ['GET', `${THEIRS}/blobs/${theirs.layer}`], ['POST', `${THEIRS}/blobs/uploads/`], ['PUT', `${THEIRS}/manifests/latest`], ['DELETE', `${THEIRS}/manifests/${theirs.digest}`], ['POST', `${OURS}/blobs/uploads/?mount=${theirs.layer}&from=${THEIRS}`]] as const) {
      expect([method, path, await status(token, method, path, method === 'PUT' ? '{}' : undefined)]).toEqual([method, path, 401]);
    }
    expect(await status(token, 'GET', `${OURS}/blobs/${theirs.layer}`)).toBe(404);
    expect(await transfer.digestOf(THEIRS, 'latest', signal)).toBe(theirs.digest);
  });

  it('lets a token that reads neither write nor delete', async () => {
    for (const token of [tokenFor(OURS, ['pull']), registry.pullToken]) {
      expect(await status(token, 'GET', `${OURS}/blobs/${ours.layer}`)).toBe(200);
      expect([await status(token, 'POST', `${OURS}/blobs/uploads/`), await status(token, 'PUT', `${OURS}/manifests/latest`, '{}'), await status(token, 'DELETE', `${OURS}/manifests/${ours.digest}`)]).toEqual([401, 401, 401]);
    }
  });

  it('gives containerd every image, and the server what it has put there, until it takes it out', async () => {
    expect(await Promise.all([OURS, THEIRS].map((repository) => status(registry.pullToken, 'HEAD', `${repository}/manifests/latest`)))).toEqual([200, 200]);
    const into = mkdtempSync(join(folder, 'pulled-'));
    expect(await transfer.pull(OURS, 'latest', into, signal)).toBe(ours.digest);
    expect(await transfer.remove(OURS, ours.digest, signal)).toBe(true);
    expect(await transfer.digestOf(OURS, 'latest', signal)).toBeNull();
    expect(await transfer.remove(OURS, ours.digest, signal)).toBe(true);
  });
});

describe.each([{ tokens: false }, { tokens: true }])('a registry with a password, tokens: $tokens', ({ tokens }) => {
  let registry: PrivateRegistry;
  const doors: PasswordDoor[] = [];
  const transferOf = (login: typeof WRITER): RegistryTransfer => {
    const door = new PasswordDoor(new URL(`http://${registry.host}`), () => login);
    doors.push(door);
    return new RegistryTransfer(door);
  };

  beforeAll(async () => void (registry = await startPrivateRegistry({ tokens })));
  afterAll(async () => {
    await Promise.all(doors.map((door) => door.close()));
    await registry.stop();
  });

  it('takes an image, gives it back and lets go of it', async () => {
    const transfer = transferOf(WRITER);
    const { path, digest } = layout(`tokens ${tokens}`);
    expect(await transfer.push(path, 'apex/team/web', ['latest'], signal)).toBe(digest);
    expect(await transfer.digestOf('apex/team/web', 'latest', signal)).toBe(digest);
    expect(await transferOf(READER).pull('apex/team/web', digest, mkdtempSync(join(folder, 'pulled-')), signal)).toBe(digest);
    expect(await transfer.remove('apex/team/web', digest, signal)).toBe(true);
    expect(await transfer.digestOf('apex/team/web', digest, signal)).toBeNull();
  });

  it('is told from one that is away: who may not write is refused at once, and nothing of the password is said', async () => {
    const { path, digest } = layout('refused');
    for (const [login, status] of [[READER, 403], [{ ...WRITER, password: 'canary-wrong' }, 401]] as const) {
      const refusal = await transferOf(login).push(path, 'apex/team/web', [], signal).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ name: 'RegistryRefusal', status });
      expect(`${String(refusal)} ${JSON.stringify(refusal)}`).not.toContain('canary');
    }
    expect(await transferOf(READER).remove('apex/team/web', digest, signal)).toBe(false);
  });

  it('may fail for a moment', async () => {
    const { path, digest } = layout(`a moment ${tokens}`);
    let failures = 1;
    registry.instead = (method) => (method === 'PUT' && failures-- > 0 ? 503 : null);
    expect(await transferOf(WRITER).push(path, 'apex/team/moment', [], signal)).toBe(digest);
    registry.instead = () => null;
  });
});

it('is spoken to by TLS only where its certificate is known, which may be of an authority of the operator', async () => {
  const at = (name: string): string => join(folder, name);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=tests', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', at('key'), '-out', at('cert')], { stdio: 'ignore' });
  const [key, cert] = ['key', 'cert'].map((name) => readFileSync(at(name), 'utf8')) as [string, string];
  const registry = await startPrivateRegistry({ tokens: true, tls: { key, cert } });
  const doors = [cert, null].map((ca) => new PasswordDoor(new URL(`https://${registry.host}`), () => WRITER, ca));
  try {
    const [known, unknown] = doors.map((door) => new RegistryTransfer(door)) as [RegistryTransfer, RegistryTransfer];
    const { path, digest } = layout('by TLS');
    expect(await known.push(path, 'apex/team/web', [], signal)).toBe(digest);
    await expect(unknown.digestOf('apex/team/web', digest, signal)).rejects.toThrow('fetch failed');
  } finally {
    await Promise.all(doors.map((door) => door.close()));
    await registry.stop();
  }
});
