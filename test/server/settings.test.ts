import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../src/config.js';

const GOOD = { DATABASE_URL: 'postgres://localhost/apex', APEX_SECRET_KEY: Buffer.alloc(32, 7).toString('base64') };

const faultsOf = (env: Record<string, string>): string[] => {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults;
  }
};

test('there is no default for a secret: without a key of the right length nothing starts, and no value is repeated', () => {
  expect(faultsOf(GOOD)).toEqual([]);
  const { APEX_SECRET_KEY: _key, ...keyless } = GOOD;
  expect(faultsOf(keyless)).toEqual([expect.stringContaining('APEX_SECRET_KEY: is required')]);
  for (const APEX_SECRET_KEY of ['', 'changeme', 'canary-of-a-key', Buffer.alloc(16).toString('base64'), Buffer.alloc(33).toString('base64')]) {
    const [fault, ...more] = faultsOf({ ...GOOD, APEX_SECRET_KEY });
    expect([fault, more]).toEqual([expect.stringMatching(/^APEX_SECRET_KEY: (is required|must be 32 bytes)/), []]);
    expect(fault).not.toContain('canary');
  }
});

test('a secret that is too short to be one is refused; an empty one is none', () => {
  expect(faultsOf({ ...GOOD, APEX_GITHUB_WEBHOOK_SECRET: 'canary' })).toEqual([expect.stringMatching(/^APEX_GITHUB_WEBHOOK_SECRET: must be at least 16 characters/)]);
  expect(faultsOf({ ...GOOD, APEX_METRICS_TOKEN: 'canary' })).toEqual([expect.stringMatching(/^APEX_METRICS_TOKEN: /)]);
  const { APEX_GITHUB_WEBHOOK_SECRET, APEX_METRICS_TOKEN } = loadConfig({ ...GOOD, APEX_GITHUB_WEBHOOK_SECRET: '', APEX_METRICS_TOKEN: '' });
  expect([APEX_GITHUB_WEBHOOK_SECRET, APEX_METRICS_TOKEN]).toEqual([undefined, undefined]);
});

test('every fault is told at once, by its name', () => {
  const faults = faultsOf({ APEX_PORT: 'canary', DATABASE_URL: 'canary', APEX_SMTP_URL: 'http://user:canary@host' });
  expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual(['APEX_PORT', 'APEX_SECRET_KEY', 'APEX_SMTP_URL', 'DATABASE_URL']);
  expect(faults.join()).not.toContain('canary');
});

test('the key may be what a command prints; one that fails is named, and what it said is not repeated', () => {
  const { APEX_SECRET_KEY, ...keyless } = GOOD;
  const { secretKey } = loadConfig({ ...keyless, KEY_ID: APEX_SECRET_KEY, APEX_SECRET_KEY_COMMAND: 'printf %s "$KEY_ID"' });
  expect(secretKey.toString('base64')).toBe(APEX_SECRET_KEY);
  expect(faultsOf({ ...keyless, APEX_SECRET_KEY_COMMAND: 'echo canary; echo canary >&2; exit 3' })).toEqual(['APEX_SECRET_KEY_COMMAND: the command ended with exit code 3']);
  expect(faultsOf({ ...keyless, APEX_SECRET_KEY_COMMAND: 'echo canary' })).toEqual([expect.stringMatching(/^APEX_SECRET_KEY_COMMAND: must be 32 bytes in base64/)]);
  expect(faultsOf({ ...GOOD, APEX_SECRET_KEY_COMMAND: 'true' })).toEqual([expect.stringMatching(/^APEX_SECRET_KEY: set one of it/)]);
});

test('sizes of databases are given as CPU, memory and storage', () => {
  expect(loadConfig({ ...GOOD, APEX_DATABASE_SIZES: 'small=250m/256Mi/2Gi, xlarge=8/32Gi/500Gi' }).APEX_DATABASE_SIZES).toEqual({ small: { cpu: '250m', memory: '256Mi', storage: '2Gi' }, xlarge: { cpu: '8', memory: '32Gi', storage: '500Gi' } });
  for (const APEX_DATABASE_SIZES of ['huge=1/1Gi/1Gi', 'small=1/1Gi', 'small=much/1Gi/1Gi']) expect(faultsOf({ ...GOOD, APEX_DATABASE_SIZES })).toEqual([expect.stringMatching(/^APEX_DATABASE_SIZES: must be a list of small/)]);
});

test('a registry is a host and a path, with one user name and one password for each of two uses, and a file is read anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'apex-settings-'));
  try {
    const file = join(folder, 'password');
    writeFileSync(file, 'first\n');
    const user = { APEX_REGISTRY_USER: 'ci', APEX_REGISTRY_PASSWORD_FILE: file };
    const { registry, ...others } = loadConfig({ ...GOOD, ...user, APEX_REGISTRY: 'registry.example.com:5000/acme/apex' });
    expect([registry?.host, registry?.path, registry?.push(), registry?.pull()]).toEqual(['registry.example.com:5000', 'acme/apex', { username: 'ci', password: 'first' }, { username: 'ci', password: 'first' }]);
    writeFileSync(file, 'second');
    expect([registry?.push()?.password, Object.keys(others).filter((name) => name.startsWith('APEX_REGISTRY'))]).toEqual(['second', ['APEX_REGISTRY_MIRRORS']]);
    const pull = { APEX_REGISTRY_PULL_USER: 'reader', APEX_REGISTRY_PULL_PASSWORD: 'canary' };
    expect(loadConfig({ ...GOOD, ...user, ...pull, APEX_REGISTRY: 'localhost:5000' }).registry?.pull()).toEqual({ username: 'reader', password: 'canary' });
    expect(loadConfig({ ...GOOD, APEX_REGISTRY: 'localhost:5000' }).registry?.push()).toBeNull();
    for (const APEX_REGISTRY of ['https://registry.example.com', 'user:canary@registry.example.com', 'registry', 'registry.example.com/Upper', 'registry.example.com/a/', '../a']) expect(faultsOf({ ...GOOD, APEX_REGISTRY })).toEqual([expect.stringMatching(/^APEX_REGISTRY: must be the host of a registry(?!.*canary)/)]);
    const set = { ...GOOD, APEX_REGISTRY: 'registry.example.com' };
    expect(faultsOf({ ...GOOD, APEX_REGISTRY_USER: 'ci', APEX_REGISTRY_PASSWORD: 'canary' })).toEqual(['APEX_REGISTRY: is required with APEX_REGISTRY_USER and APEX_REGISTRY_PASSWORD']);
    expect(faultsOf({ ...set, APEX_REGISTRY_USER: 'ci' })).toEqual(['APEX_REGISTRY_PASSWORD: is required with APEX_REGISTRY_USER']);
    expect(faultsOf({ ...set, APEX_REGISTRY_PASSWORD: 'canary' })).toEqual(['APEX_REGISTRY_USER: is required with its password']);
    expect(faultsOf({ ...set, ...user, APEX_REGISTRY_PASSWORD: 'canary' })).toEqual([expect.stringMatching(/^APEX_REGISTRY_PASSWORD: set one of it/)]);
    expect(faultsOf({ ...set, ...user, APEX_REGISTRY_PASSWORD_FILE: join(folder, 'none') })).toEqual(['APEX_REGISTRY_PASSWORD_FILE: the file cannot be read']);
    expect(faultsOf({ ...set, APEX_REGISTRY_USER: 'ci', APEX_REGISTRY_PASSWORD_COMMAND: 'echo canary >&2; exit 4' })).toEqual(['APEX_REGISTRY_PASSWORD_COMMAND: the command ended with exit code 4']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is of use only together is asked for together', () => {
  const s3 = { APEX_S3_BUCKET: 'backups', APEX_S3_ACCESS_KEY_ID: 'key', APEX_S3_SECRET_ACCESS_KEY: 'canary' };
  expect(faultsOf({ ...GOOD, ...s3, APEX_LOG_HISTORY_STORE: 's3', APEX_S3_ENDPOINT: 'http://127.0.0.1:7070' })).toEqual([]);
  expect(faultsOf({ ...GOOD, APEX_S3_BUCKET: 'backups', APEX_S3_SECRET_ACCESS_KEY: 'canary' })).toEqual(['APEX_S3_ACCESS_KEY_ID: is required with APEX_S3_BUCKET and APEX_S3_SECRET_ACCESS_KEY']);
  expect(faultsOf({ ...GOOD, APEX_LOG_HISTORY_STORE: 's3' })).toEqual(['APEX_S3_BUCKET: is required with APEX_LOG_HISTORY_STORE=s3']);
  expect(faultsOf({ ...GOOD, ...s3, APEX_S3_ENDPOINT: 'ftp://canary' })).toEqual([expect.stringMatching(/^APEX_S3_ENDPOINT: (?!.*canary)/)]);
});
