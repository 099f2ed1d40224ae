import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Build } from '../../entities/build.js';
import { checkOut } from '../../outside/git-checkout.js';
import type { GuardedFetch } from '../../outside/guarded-fetch.js';
import type { ImageReference } from '../../outside/image-reference.js';
import type { RegistryLogin } from '../../outside/image-registry.js';
import { onlyImage } from '../../outside/oci-layout.js';
import { RegistryRefusal } from '../../outside/pull-image.js';
import type { RegistryTransfer } from '../../outside/registry-transfer.js';
import { CheckoutFailed } from '../../outside/run-git.js';
import { applyIfDifferent } from '../kubernetes/applied.js';
import type { KubeClient } from '../kubernetes/kube-client.js';
import type { KubeObject } from '../kubernetes/kinds.js';
import { isNotFound } from '../kubernetes/kube-error.js';
import type { PodObject } from '../service/observed.js';
import { baseImages } from './base-images.js';
import { BuildFailed } from './build-failed.js';
import { makeBuildFolder } from './build-folders.js';
import type { BuildLogWriter } from './build-log-writer.js';
import { builderManifest, builderName, buildNamespace, buildNamespaceManifests, type BuilderWish } from './build-manifests.js';
import { planBuild, type BuildPlan } from './build-plan.js';
import { BuildProgress } from './build-progress.js';
import { secretArguments, secretMask } from './build-secrets.js';
import type { BuilderTools } from './builder-tools.js';
import { openDaemonSocket } from './daemon-socket.js';
import type { ProjectImages } from './generated/project.js';
import { handOverBases } from './handed-bases.js';
import type { BuildTarget } from './image-homes.js';
import { runClient } from './run-client.js';

const LOOK_MS = 300;
const POD_MS = 120_000;
const LARGEST_DOCKERFILE = 1024 * 1024;
const REMOVE_MS = 10_000;
/** Holds the ids of the secrets that a cache was made with. */
const SECRETS_OF_CACHE = 'secret-ids';

export interface RunWish {
  client: KubeClient;
  guard: GuardedFetch;
  tools: BuilderTools;
  guardedAddresses: readonly string[];
  mirrorsHub: boolean;
  build: Build;
  builder: Omit<BuilderWish, 'image' | 'pull'>;
  url: URL;
  /** The team's way to a repository. */
  login: (url: URL) => Promise<RegistryLogin | null>;
  /** The team's credential for a registry. */
  registryLogin: (registry: string) => Promise<RegistryLogin | null>;
  /** Of the service. */
  name: string;
  /** What a project without a Dockerfile is built on. */
  images: ProjectImages;
  /** For its steps, by name. */
  secrets: Readonly<Record<string, string>>;
  /** Where the image goes. */
  target: BuildTarget;
  /** The embedded node's registry, where that is the cluster. */
  node: RegistryTransfer | null;
  /** The registry of an image that the team has built before; null for others. */
  ofOwn: (reference: ImageReference) => RegistryTransfer | null;
  isOfOtherTeam: (reference: ImageReference) => boolean;
  tags: (commit: string) => string[];
  /** Folder of the service's cache. */
  cache: string;
  log: BuildLogWriter;
  /** Told of the commit as soon as it is known, and of the step at work. */
  onCommit: (commit: string) => Promise<void>;
  onStep: (step: string) => void;
  /** Told of the image's digest before any of it is in the registry. */
  onImage: (digest: string) => Promise<void>;
  signal: AbortSignal;
}

export interface BuiltImage {
  commit: string;
  digest: string;
}

/** One build, from its commit to the image in the registry. Throws `BuildFailed`, or the signal's reason. Leaves nothing behind. */
export async function runBuild(wish: RunWish): Promise<BuiltImage> {
  const { log, signal, client } = wish;
  const folder = makeBuildFolder();
  let job: KubeObject | undefined;
  try {
    job = await startBuilder(wish);
    const source = join(folder, 'source');
    mkdirSync(source);
    const commit = await fetchSource(wish, source);
    const plan = planBuild(wish, source, join(folder, 'generated'));
    const at = { namespace: buildNamespace(wish.builder.installationId), pod: await builderPod(wish) };
    const socket = join(folder, 'buildkitd.sock');
    const daemon = await openDaemonSocket(client, at, socket, signal);
    try {
      const digest = await build(wish, { folder, socket, plan, commit });
      log.say(`The image is ${digest}.`);
      return { commit, digest };
    } finally {
      daemon.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    // Also when it was canceled: the pod ends at once.
    if (job) await client.remove(job, AbortSignal.timeout(REMOVE_MS)).catch(() => undefined);
  }
}

/** The pod starts while the source is fetched. */
async function startBuilder({ client, builder, tools, guardedAddresses, signal }: RunWish): Promise<KubeObject> {
  for (const object of buildNamespaceManifests(builder.installationId, guardedAddresses, tools.pull)) await applyIfDifferent(client, object, await current(client, object, signal), signal);
  return client.apply(builderManifest({ ...builder, image: tools.image, pull: tools.pull !== null }), signal);
}

async function current(client: KubeClient, { kind, metadata }: KubeObject, signal: AbortSignal): Promise<KubeObject | undefined> {
  return client.get<KubeObject>(kind, metadata.name, metadata.namespace, signal).then(
    (found) => ({ ...found, kind }),
    (error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    },
  );
}

async function fetchSource({ guard, url, build: { request, commit }, login, log, onCommit, signal }: RunWish, folder: string): Promise<string> {
  log.say(`Fetching ${commit ? `commit ${commit}` : `the newest commit of ${request.branch}`} of ${request.repository}.`);
  try {
    const checkout = await checkOut(guard, { url, branch: request.branch, commit, folder, login, signal });
    for (const warning of checkout.warnings) log.say(warning);
    if (!commit) log.say(`It is ${checkout.commit}.`);
    await onCommit(checkout.commit);
    return checkout.commit;
  } catch (error) {
    if (error instanceof CheckoutFailed) throw new BuildFailed(error.message);
    throw error;
  }
}

async function builderPod({ client, builder, tools, node, log, signal }: RunWish): Promise<string> {
  const namespace = buildNamespace(builder.installationId);
  const job = builderName(builder.run);
  let told = false;
  for (const end = Date.now() + POD_MS; ; await delay(LOOK_MS, undefined, { signal })) {
    const { items } = await client.list<PodObject>('Pod', `job-name=${job}`, namespace, signal);
    const [pod] = items;
    const status = pod?.status?.containerStatuses?.[0];
    if (pod && status?.ready) return pod.metadata.name;
    if (status?.state?.terminated) throw new Error(`The builder ended with exit code ${status.state.terminated.exitCode}`);
    // The node makes its image itself; elsewhere it is the operator's choice.
    if (node === null && status?.state?.waiting?.reason === 'ImagePullBackOff') throw new BuildFailed(`The cluster cannot pull the image of the builder, ${tools.image}: its operator has to look at APEX_BUILDER_IMAGE.`);
    if (Date.now() > end) throw new Error(`The builder did not start: ${status?.state?.waiting?.reason ?? 'its pod found no place'}`);
    if (!told) log.say('Starting the builder.');
    told = true;
  }
}

interface Prepared {
  folder: string;
  socket: string;
  plan: BuildPlan;
  commit: string;
}

async function build(wish: RunWish, { folder, socket, plan, commit }: Prepared): Promise<string> {
  const { tools, build: { request }, cache, log, onStep, signal } = wish;
  const bases = join(folder, 'bases');
  mkdirSync(bases);
  const file = join(plan.folder, plan.dockerfile);
  const content = statSync(file).size > LARGEST_DOCKERFILE ? '' : readFileSync(file, 'utf8');
  const args = ['--addr', `unix://${socket}`, 'build', '--progress=rawjson', '--frontend=dockerfile.v0', '--local', `context=${plan.context}`, '--local', `dockerfile=${plan.folder}`, '--opt', `filename=${plan.dockerfile}`];
  const images = baseImages(content, request.buildArgs ?? {});
  const foreign = images.find(({ reference }) => wish.isOfOtherTeam(reference));
  if (foreign) throw new BuildFailed(`The Dockerfile builds on ${foreign.name}, which is another team's image.`);
  for (const [name, digest] of await handOverBases(images, bases, { node: wish.node, ofOwn: wish.ofOwn, mirrorsHub: wish.mirrorsHub, guard: wish.guard, login: wish.registryLogin, cache, signal })) {
    args.push('--opt', `context:${name}=oci-layout://bases@${digest}`);
  }
  if (existsSync(join(bases, 'index.json'))) args.push('--oci-layout', `bases=${bases}`);
  if (request.target) args.push('--opt', `target=${request.target}`);
  for (const [name, value] of Object.entries(request.buildArgs ?? {})) args.push('--opt', `build-arg:${name}=${value}`);
  const image = join(folder, 'image');
  const nextCache = join(folder, 'cache');
  const secretIds = (request.secretIds ?? []).join('\n');
  if (serves(cache, secretIds)) args.push('--import-cache', `type=local,src=${cache}`);
  args.push('--export-cache', `type=local,dest=${nextCache},mode=max`, '--output', `type=oci,tar=false,dest=${image}`);

  const secrets = secretArguments(wish.secrets);
  args.push(...secrets.args);
  const progress = new BuildProgress(secretMask(Object.values(wish.secrets)));
  const onLine = (line: string): void => {
    log.add(...progress.read(line));
    if (progress.current) onStep(progress.current);
  };
  const code = await runClient(tools.buildctl, args, { folder, secrets: secrets.variables, signal, onLine });
  if (code !== 0) throw failure(progress);
  keepCache(nextCache, cache, secretIds);
  log.say('Storing the image.');
  return store(wish, image, commit);
}

/** The embedded registry comes back by itself, so what it does not take is built again; the operator's is told as it is. */
async function store({ target: { registry, repository, transfer, isOperators }, tags, onImage, signal }: RunWish, image: string, commit: string): Promise<string> {
  await onImage(onlyImage(image).digest);
  try {
    return await transfer.push(image, repository, tags(commit), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isOperators) throw error;
    const status = error instanceof RegistryRefusal ? error.status : 0;
    if (status === 401 || status === 403) throw new BuildFailed(`The image was built, but the registry ${registry} does not let this installation write ${repository}: its operator has to look at APEX_REGISTRY_USER and its password.`);
    throw new BuildFailed(`The image was built, but the registry ${registry} did not take it: ${status > 0 ? `it answered with ${status}` : 'it could not be reached'}. Deploy again once it does.`);
  }
}

function failure({ failed, words }: BuildProgress): BuildFailed {
  if (failed) return new BuildFailed(`The step "${failed.name}" failed: ${failed.error}`, failed);
  const last = words.split('\n').at(-1)?.replace(/^error: (failed to solve: )?/, '').slice(0, 500);
  return new BuildFailed(last ? `The build failed: ${last}` : 'The build failed, and BuildKit does not say why.');
}

/** BuildKit does not see that a secret is another one, so what was made with others is made anew. */
function serves(cache: string, secretIds: string): boolean {
  if (!existsSync(join(cache, 'index.json'))) return false;
  const made = join(cache, SECRETS_OF_CACHE);
  return (existsSync(made) ? readFileSync(made, 'utf8') : '') === secretIds;
}

/** A cache only ever grows, so the new one takes the place of the old. */
function keepCache(next: string, cache: string, secretIds: string): void {
  if (!existsSync(join(next, 'index.json'))) return;
  writeFileSync(join(next, SECRETS_OF_CACHE), secretIds);
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(join(cache, '..'), { recursive: true, mode: 0o700 });
  try {
    renameSync(next, cache);
  } catch {
    // Temporary folders are on another disk, or in memory.
    cpSync(next, cache, { recursive: true });
  }
}
