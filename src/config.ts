import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { z } from 'zod';

/**
 * Every setting of the server. This file is the only reader of `process.env`; the result is frozen.
 * The table in the README is held equal to `SETTINGS` by a test.
 */
const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int().min(0);
const flag = z.enum(['0', '1', 'true', 'false', '']).transform((value) => value === '1' || value === 'true');
const list = z.string().transform((value) => value.split(',').map((item) => item.trim()).filter(Boolean));
const path = z.string().min(1);
const network = z.string().refine((text) => isPrivateNetwork(text), 'must be private IPv4 networks like 192.168.1.0/24, comma-separated');

const buildImages = list.refine((items) => items.every((item) => /^(node|python|go|static)=[^\s=]+$/.test(item)), 'must be a list like "node=node:{version}-slim,static=nginx:alpine", of node, python, go and static');

const REGISTRY = /^(?<host>(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d{1,5})?|[a-z0-9-]+:\d{1,5})(?<path>(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)$/;
const LONGEST_REGISTRY = 150;
const registry = z.string().refine((text) => REGISTRY.test(text) && text.length <= LONGEST_REGISTRY, 'must be the host of a registry, with a port and a path where it has them, in small letters and without a scheme, e.g. registry.example.com/apex');

const QUOTA_RULE = 'must be a list of environments, pods, volumes (numbers), cpu and memory (quantities), e.g. "pods=50,cpu=8,memory=16Gi"';
const QUOTA = /^(environments|pods|volumes)=\d{1,7}$|^(cpu|memory)=\d+(\.\d+)?(m|[kMGTPE]i?)?$/;
const QUANTITY = /^\d+(\.\d+)?(m|[kMGTPE]i?)?$/;
/** `pods=50,cpu=8` as `{pods: 50, cpu: '8'}`. */
const quota = list
  .refine((items) => items.every((item) => QUOTA.test(item)), QUOTA_RULE)
  .transform((items): Partial<Record<'environments' | 'pods' | 'volumes', number> & Record<'cpu' | 'memory', string>> =>
    Object.fromEntries(items.map((item) => item.split('=') as [string, string]).map(([name, value]) => [name, ['cpu', 'memory'].includes(name) ? value : Number(value)])),
  );

const SIZE = /^(small|medium|large|xlarge)=([^/]+)\/([^/]+)\/([^/]+)$/;
const SIZES_RULE = 'must be a list of small, medium, large and xlarge with CPU, memory and storage each, e.g. "small=250m/256Mi/2Gi,xlarge=8/32Gi/500Gi"';
/** `small=250m/256Mi/2Gi` as `{small: {cpu: '250m', memory: '256Mi', storage: '2Gi'}}`. */
const databaseSizes = list
  .refine((items) => items.every((item) => SIZE.exec(item)?.slice(2).every((amount) => QUANTITY.test(amount))), SIZES_RULE)
  .transform((items): Partial<Record<'small' | 'medium' | 'large' | 'xlarge', { cpu: string; memory: string; storage: string }>> =>
    Object.fromEntries(items.map((item) => SIZE.exec(item) ?? []).map(([, size, cpu, memory, storage]) => [size, { cpu, memory, storage }])),
  );

export const SETTINGS = z.object({
  APEX_PORT: port.default(3000).describe('Port of the API, GraphQL and the dashboard'),
  APEX_HOST: z.string().default('127.0.0.1').describe('Address to listen on'),
  APEX_HOME: path.default('.apex').describe('Folder of this installation: credentials, key, logs'),
  APEX_DOMAIN: z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be a DNS name').default('apex.localhost').describe('Public services answer under this domain'),
  APEX_PUBLIC_URL: z.url().optional().describe('Address under which clients reach this server, where a proxy stands before it'),
  APEX_INGRESS_URL: z.url().optional().describe('Scheme and port under which public services answer, where the cluster does not tell'),
  APEX_INGRESS_CLASS: z.string().optional().describe("Class of the Ingress objects; unset: the cluster's default"),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://').describe('PostgreSQL'),
  APEX_OWNER_DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://').optional().describe('The same database as the role that owns its tables and migrates them; then the role of DATABASE_URL can add to the audit log, and no more'),
  APEX_SECRET_KEY: z.string().optional().describe('Key that seals secrets at rest: 32 bytes, base64 (or use APEX_SECRET_KEY_FILE or APEX_SECRET_KEY_COMMAND)'),
  APEX_SECRET_KEY_FILE: path.optional().describe('File that holds the key'),
  APEX_SECRET_KEY_COMMAND: z.string().min(1).optional().describe('Shell command that prints the key, for one that is kept in a key management service or a secret manager; run once at the start'),
  APEX_SECRET_KEY_PREVIOUS: z.string().optional().describe('The key before this one, while `apex keys rotate` has not ended'),
  KUBECONFIG: path.optional().describe('Cluster to use'),
  APEX_NODE_DIR: path.optional().describe('System folder of the embedded node, where that is the cluster'),
  APEX_NO_CLUSTER: flag.default(false).describe('1: run without a cluster; what needs one answers 503'),
  APEX_RATE_LIMIT: count.default(100).describe('Requests a minute for each IP address; 0 switches the limit off'),
  APEX_TRUSTED_PROXIES: count.default(0).describe('Number of proxies before this server whose X-Forwarded-For is believed'),
  APEX_ALLOWED_INTERNAL: list.default([]).describe('host:port list of internal addresses that outgoing calls may reach'),
  APEX_OPEN_NETWORKS: list.pipe(z.array(network)).default([]).describe("Private networks that services may reach, e.g. 192.168.1.0/24 for a server in the office; the nodes' own addresses stay closed"),
  APEX_REGISTRY_MIRRORS: list.default([]).describe('registry=url list asked first when a tag is resolved, as on the node'),
  APEX_CORS_ORIGINS: list.default([]).describe('Origins that browsers may call from; none by default'),
  APEX_OPEN_SIGNUP: flag.default(false).describe('1: everybody may make an account; else one comes by an invitation'),
  APEX_TEAM_QUOTA: quota.optional().describe('Limits of a team, where the operator has not set others: `environments=100` and, in each, `pods=500,cpu=200,memory=400Gi,volumes=50`'),
  APEX_SMTP_URL: z.string().regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://').optional().describe('Mail server, e.g. smtps://user:password@host; without one invitations are links to hand on'),
  APEX_MAIL_FROM: z.string().default('Apex <apex@localhost>').describe('Sender of the mails'),
  APEX_DEPLOY_DEADLINE_SECONDS: z.coerce.number().int().min(5).max(3600).default(300).describe('A rollout that is not ready by then has failed'),
  APEX_METRICS_TOKEN: z.string().min(16).optional().describe('Bearer token for /metrics from elsewhere than loopback'),
  APEX_GITHUB_WEBHOOK_SECRET: z.string().min(16, 'must be at least 16 characters (make one with "openssl rand -hex 32")').optional().describe('Secret of the webhook /api/webhooks/github; unset, only webhooks of single services are believed'),
  APEX_GITEA_WEBHOOK_SECRET: z.string().min(16, 'must be at least 16 characters (make one with "openssl rand -hex 32")').optional().describe('Secret of the webhook /api/webhooks/gitea; unset, only webhooks of single services are believed'),
  APEX_PREVIEW_LIMIT: count.default(20).describe('Previews of pull requests that a team may have open; 0: none'),
  APEX_PREVIEW_IDLE_DAYS: count.max(365).default(7).describe('A preview in which nothing has happened for so many days is closed; 0: never'),
  APEX_GITHUB_TOKEN: z.string().min(1).optional().describe('Token that writes commit statuses and the comments of previews; unset, GitHub is told nothing'),
  APEX_GITHUB_API_URL: z.url().default('https://api.github.com').describe("GitHub's API; another for Enterprise Server"),
  APEX_CACHE_DIR: path.optional().describe('Folder of compiled programs, where the first build puts BuildKit; unset: `~/.cache/apex`'),
  APEX_GIT_URL: z.url().default('https://github.com').describe('Where the repositories that are built come from: `<this>/owner/name.git`'),
  APEX_BUILDS_AT_ONCE: z.coerce.number().int().min(1).max(64).default(2).describe('Builds that run at the same time, over all servers; others wait'),
  APEX_TEAM_BUILDS_AT_ONCE: z.coerce.number().int().min(1).max(64).default(1).describe('Builds of one team that run at the same time'),
  APEX_BUILD_TIMEOUT_SECONDS: z.coerce.number().int().min(10).max(21_600).default(1800).describe('A build that has not ended by then has failed'),
  APEX_BUILD_CPU: z.string().regex(QUANTITY, 'must be a quantity like 2 or 500m').default('2').describe('Most CPU of a build'),
  APEX_BUILD_MEMORY: z.string().regex(QUANTITY, 'must be a quantity like 2Gi').default('2Gi').describe('Most memory of a build'),
  APEX_BUILD_IMAGES: buildImages.default([]).describe('Images that projects without a Dockerfile are built on, where they shall be others than `node=node:{version}-slim,python=python:{version}-slim,go=golang:alpine,static=nginx:alpine`'),
  APEX_KEPT_IMAGES: z.coerce.number().int().min(1).max(1000).default(10).describe('Images that were built are kept for so many of the newest releases of a service; a rollback reaches no further'),
  APEX_REGISTRY: registry.optional().describe('Registry that keeps the images of builds, with a path where they shall be under one, e.g. `registry.example.com/apex`; unset: the embedded cluster\'s own'),
  APEX_REGISTRY_USER: z.string().min(1).optional().describe('User name that may read and write there, and delete where old images shall go'),
  APEX_REGISTRY_PASSWORD: z.string().min(1).optional().describe('Its password or token (or use APEX_REGISTRY_PASSWORD_FILE or APEX_REGISTRY_PASSWORD_COMMAND)'),
  APEX_REGISTRY_PASSWORD_FILE: path.optional().describe('File that holds it, read at each use: a password that ends by itself can be renewed there'),
  APEX_REGISTRY_PASSWORD_COMMAND: z.string().min(1).optional().describe('Shell command that prints it; run once at the start'),
  APEX_REGISTRY_PULL_USER: z.string().min(1).optional().describe('User name that may only read there: what the cluster pulls with. Unset: APEX_REGISTRY_USER'),
  APEX_REGISTRY_PULL_PASSWORD: z.string().min(1).optional().describe('Its password or token (or use APEX_REGISTRY_PULL_PASSWORD_FILE)'),
  APEX_REGISTRY_PULL_PASSWORD_FILE: path.optional().describe('File that holds it, read at each use'),
  APEX_REGISTRY_CA_FILE: path.optional().describe('Certificates of authorities (PEM) that sign its certificate, where they are not among the usual ones; the nodes of the cluster have to know them too'),
  APEX_BUILDER_IMAGE: z.string().min(1).optional().describe('Image of BuildKit that another cluster than the embedded one builds with; unset: `docker.io/moby/buildkit` of the version that is used here'),
  APEX_LOG_HISTORY_BYTES: count.default(1024 ** 3).describe('Log lines that are kept for each team, in bytes of their text; the oldest go first. 0: none are kept'),
  APEX_LOG_HISTORY_DAYS: z.coerce.number().int().min(1).max(3650).default(7).describe('Log lines older than this are not kept'),
  APEX_LOG_HISTORY_DIR: path.optional().describe('Folder of the kept log lines; unset: `log-history` in APEX_HOME. Servers on one database share it'),
  APEX_LOG_HISTORY_STORE: z.enum(['folder', 's3']).default('folder').describe('s3: new log lines are kept in the bucket of APEX_S3_BUCKET, not in that folder'),
  APEX_LOKI_URL: z.url().optional().describe('A Loki of yours: it gets the lines of all teams, and searches of the history ask it. Lines are kept here too until it has them'),
  APEX_LOKI_TOKEN: z.string().optional().describe('Authorization header for it, e.g. `Basic …`'),
  APEX_LOKI_TENANT: z.string().optional().describe('X-Scope-OrgID header for it'),
  APEX_DATABASE_SIZES: databaseSizes.optional().describe('CPU, memory and storage of the sizes of databases that shall have others than `small=500m/512Mi/5Gi,medium=1/2Gi/20Gi,large=2/4Gi/50Gi,xlarge=4/8Gi/100Gi`; databases that are there keep theirs'),
  APEX_BACKUP_DIR: path.optional().describe('Folder of the backups of databases; unset: `backups` in APEX_HOME. Servers on one database share it'),
  APEX_S3_BUCKET: z.string().regex(/^[a-z0-9][a-z0-9._-]{1,62}$/i, 'must be the name of a bucket').optional().describe('Bucket of an S3-compatible storage: backups of databases go there, in place of APEX_BACKUP_DIR; those that were made before stay where they are'),
  APEX_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional().describe("Its address, e.g. https://s3.example.com; unset: Amazon's, for the region"),
  APEX_S3_REGION: z.string().regex(/^[a-z0-9-]+$/i, 'must be the name of a region').default('us-east-1').describe('Its region'),
  APEX_S3_ACCESS_KEY_ID: z.string().min(1).optional().describe('Key that may read, write, list and delete in it'),
  APEX_S3_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('The secret of that key'),
  APEX_S3_PATH_STYLE: flag.default(true).describe('0: the bucket stands before the host, not in the path'),
  APEX_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').describe('Least level that is logged'),
  NODE_ENV: z.enum(['production', 'development', 'test']).default('production').describe('development shows the GraphQL sandbox'),
});

/** 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and 100.64.0.0/10 (RFC 1918, RFC 6598), or a part of one. */
function isPrivateNetwork(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return false;
  const [a = 0, b = 0] = address.split('.').map(Number);
  const least = a === 10 ? 8 : a === 172 && b >= 16 && b < 32 ? 12 : a === 192 && b === 168 ? 16 : a === 100 && b >= 64 && b < 128 ? 10 : 33;
  return Number(bits) >= least;
}

const SECRET_KEY_BYTES = 32;
const KEY_COMMAND_MS = 30_000;

/** How this server, or the cluster, comes into the registry of images that were built. */
export interface RegistrySettings {
  /** `registry.example.com:5000`. */
  host: string;
  /** `apex/images`, or empty. */
  path: string;
  /** PEM, beside the usual authorities. */
  ca: string | null;
  /** What the server writes with, read at each use. */
  push: () => { username: string; password: string } | null;
  /** What the cluster reads with. */
  pull: () => { username: string; password: string } | null;
}

export interface Config extends Readonly<Omit<z.output<typeof SETTINGS>, `APEX_SECRET_KEY${string}` | `APEX_REGISTRY${'' | `_${'USER' | 'CA' | 'PASSWORD' | 'PULL'}${string}`}`>> {
  readonly registry: RegistrySettings | null;
  /** 32 bytes. */
  readonly secretKey: Buffer;
  /** The one before it, during a rotation. */
  readonly previousKey: Buffer | null;
}

/** The settings are wrong: `faults` names each one and never a value. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(`The configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Parses the environment once. Throws `ConfigError` with every fault listed. */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in SETTINGS.shape && value !== ''));
  const parsed = SETTINGS.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${sentence(issue)}`);
  const key = readSecretKey(given.APEX_SECRET_KEY, given.APEX_SECRET_KEY_FILE, given.APEX_SECRET_KEY_COMMAND, env);
  if (typeof key === 'string') faults.push(key);
  const previous = given.APEX_SECRET_KEY_PREVIOUS ? keyBytes('APEX_SECRET_KEY_PREVIOUS', given.APEX_SECRET_KEY_PREVIOUS) : null;
  if (typeof previous === 'string') faults.push(previous);
  const registry = readRegistry(given, env, faults);
  faults.push(...missingOf(given, ['APEX_S3_BUCKET', 'APEX_S3_ACCESS_KEY_ID', 'APEX_S3_SECRET_ACCESS_KEY']));
  if (given.APEX_LOG_HISTORY_STORE === 's3' && given.APEX_S3_BUCKET === undefined) faults.push('APEX_S3_BUCKET: is required with APEX_LOG_HISTORY_STORE=s3');
  if (!parsed.success || typeof key === 'string' || typeof previous === 'string' || faults.length > 0) throw new ConfigError(faults);
  const settings = Object.fromEntries(Object.entries(parsed.data).filter(([name]) => !/^APEX_(SECRET_KEY|REGISTRY(?!_MIRRORS))/.test(name)));
  return Object.freeze({ ...(settings as Omit<Config, 'secretKey' | 'previousKey' | 'registry'>), registry, secretKey: key, previousKey: previous });
}

/** Settings that are of use only together: one that is set asks for the others. */
function missingOf(given: Record<string, string | undefined>, names: readonly string[]): string[] {
  const missing = names.filter((name) => given[name] === undefined);
  return missing.length === names.length ? [] : missing.map((name) => `${name}: is required with ${names.filter((other) => given[other] !== undefined).join(' and ')}`);
}

/** zod may quote the value it received; a setting may be a secret, so only the rule is told. */
function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is required';
  return issue.message.replace(/,? received .*$/i, '');
}

function readSecretKey(value: string | undefined, file: string | undefined, command: string | undefined, env: NodeJS.ProcessEnv): Buffer | string {
  if ([value, file, command].filter(Boolean).length > 1) return 'APEX_SECRET_KEY: set one of it, APEX_SECRET_KEY_FILE and APEX_SECRET_KEY_COMMAND';
  if (file) {
    try {
      return keyBytes('APEX_SECRET_KEY_FILE', readFileSync(file, 'utf8'));
    } catch {
      return 'APEX_SECRET_KEY_FILE: the file cannot be read';
    }
  }
  if (command) return keyOfCommand(command, env);
  if (!value) return 'APEX_SECRET_KEY: is required (make one with "openssl rand -base64 32")';
  return keyBytes('APEX_SECRET_KEY', value);
}

function keyOfCommand(command: string, env: NodeJS.ProcessEnv): Buffer | string {
  const printed = printedBy('APEX_SECRET_KEY_COMMAND', command, env);
  return 'fault' in printed ? printed.fault : keyBytes('APEX_SECRET_KEY_COMMAND', printed.text);
}

/** What the command says on its error output is its own to log: it may quote a secret. */
function printedBy(name: string, command: string, env: NodeJS.ProcessEnv): { text: string } | { fault: string } {
  try {
    return { text: execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8', env, timeout: KEY_COMMAND_MS, maxBuffer: 64 * 1024, stdio: ['ignore', 'pipe', 'ignore'] }) };
  } catch (error) {
    const { status, code } = error as { status?: number | null; code?: string };
    const why = code === 'ETIMEDOUT' ? `did not end within ${KEY_COMMAND_MS / 1000} s` : status ? `ended with exit code ${status}` : 'could not be run';
    return { fault: `${name}: the command ${why}` };
  }
}

function keyBytes(name: string, text: string): Buffer | string {
  const bytes = Buffer.from(text.trim(), 'base64');
  return bytes.length === SECRET_KEY_BYTES ? bytes : `${name}: must be ${SECRET_KEY_BYTES} bytes in base64 (make one with "openssl rand -base64 32")`;
}

type Given = Record<string, string | undefined>;

/** The registry of images that were built; null where none is set, or where `faults` has been told why it cannot be. */
function readRegistry(given: Given, env: NodeJS.ProcessEnv, faults: string[]): RegistrySettings | null {
  const { host = '', path = '' } = REGISTRY.exec(given['APEX_REGISTRY'] ?? '')?.groups ?? {};
  const others = Object.keys(given).filter((name) => /^APEX_REGISTRY_(?!MIRRORS)/.test(name));
  if (given['APEX_REGISTRY'] === undefined && others.length > 0) faults.push(`APEX_REGISTRY: is required with ${others.join(' and ')}`);
  const push = readLogin('APEX_REGISTRY', given, env, faults);
  const pull = readLogin('APEX_REGISTRY_PULL', given, env, faults);
  const ca = given['APEX_REGISTRY_CA_FILE'] === undefined ? null : readText('APEX_REGISTRY_CA_FILE', given['APEX_REGISTRY_CA_FILE'], faults);
  return host === '' ? null : { host, path: path.slice(1), ca, push, pull: () => pull() ?? push() };
}

/** A user name and its password, of which there is one alone or none. */
function readLogin(prefix: 'APEX_REGISTRY' | 'APEX_REGISTRY_PULL', given: Given, env: NodeJS.ProcessEnv, faults: string[]): () => { username: string; password: string } | null {
  const [username, password, file, command] = ['USER', 'PASSWORD', 'PASSWORD_FILE', 'PASSWORD_COMMAND'].map((name) => given[`${prefix}_${name}`]);
  const ways = [password, file, command].filter((way) => way !== undefined).length;
  if (ways > 1) faults.push(`${prefix}_PASSWORD: set one of it, ${prefix}_PASSWORD_FILE${prefix === 'APEX_REGISTRY' ? ` and ${prefix}_PASSWORD_COMMAND` : ''}`);
  if (ways > 0 && username === undefined) faults.push(`${prefix}_USER: is required with its password`);
  if (ways === 0 && username !== undefined) faults.push(`${prefix}_PASSWORD: is required with ${prefix}_USER`);
  if (ways !== 1 || username === undefined) return () => null;
  if (file !== undefined) {
    readText(`${prefix}_PASSWORD_FILE`, file, faults);
    return () => ({ username, password: readFileSync(file, 'utf8').trim() });
  }
  const printed = command === undefined ? { text: password ?? '' } : printedBy(`${prefix}_PASSWORD_COMMAND`, command, env);
  if ('fault' in printed) faults.push(printed.fault);
  const known = 'text' in printed ? printed.text.trim() : '';
  return () => ({ username, password: known });
}

function readText(name: string, file: string, faults: string[]): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    faults.push(`${name}: the file cannot be read`);
    return null;
  }
}
