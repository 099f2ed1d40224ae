import { describe, expect, it } from '@jest/globals';
import { connectionUrl, DATABASE_ENGINES, DATABASE_SIZES, DEFAULT_VERSIONS } from '../../../src/entities/database-catalogue.js';
import { DatabaseType } from '../../../src/entities/database-state.js';
import { databaseManifests } from '../../../src/orchestrator/database/database-manifests.js';
import type { DatabaseWorkload } from '../../../src/orchestrator/database/database-workload.js';

const PASSWORD = 'c0ffee'.repeat(8);

const workload = (type: DatabaseType, more: Partial<DatabaseWorkload> = {}): DatabaseWorkload => ({
  installationId: 'installation',
  environment: { id: 'environment', teamId: 'team', namespace: 'apex-x-production' },
  database: { id: 'database', name: 'my-db', type, version: DEFAULT_VERSIONS[type], resources: { cpu: '1', memory: '2Gi' }, storage: '20Gi' },
  password: PASSWORD,
  stopped: false,
  ...more,
});

describe.each(Object.values(DatabaseType))('the objects of %s', (type) => {
  const objects = databaseManifests(workload(type)) as any[];
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const [set] = of('StatefulSet');
  const [container] = set.spec.template.spec.containers;

  it('are one of each kind, all marked as ours', () => {
    expect(objects.map(({ kind }) => kind)).toEqual(['Secret', 'PersistentVolumeClaim', 'Service', 'Service', 'NetworkPolicy', 'StatefulSet']);
    for (const { metadata } of objects) expect(metadata).toMatchObject({ namespace: 'apex-x-production', labels: { 'app.kubernetes.io/managed-by': 'apex', 'apexpaas.com/installation': 'installation', 'apexpaas.com/database': 'database' } });
    expect(of('Service').map(({ metadata, spec }) => [metadata.name, spec.clusterIP, spec.ports[0].port])).toEqual([
      ['my-db', undefined, DATABASE_ENGINES[type].port],
      [set.spec.serviceName, 'None', DATABASE_ENGINES[type].port],
    ]);
    expect(of('PersistentVolumeClaim')[0].spec.resources.requests.storage).toBe('20Gi');
  });

  it('come with commands that hand the password over by no argument', () => {
    const { query, stats, rotate, dump, restore } = DATABASE_ENGINES[type];
    for (const script of [query, stats, rotate, dump, restore.stage, restore.adopt, restore.putBack]) expect(script).not.toMatch(/(-p|-a|--password|--pass|--auth)[ =]?["']?\$(P|NEXT)\b/);
  });

  it('hold the password in the Secret and nowhere else', () => {
    expect(Buffer.from(of('Secret')[0].data.password, 'base64').toString()).toBe(PASSWORD);
    const others = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
    expect(others).not.toContain(PASSWORD);
    expect(others).not.toContain(Buffer.from(PASSWORD).toString('base64'));
    expect(container.env.filter(({ valueFrom }: any) => valueFrom?.secretKeyRef).map(({ valueFrom }: any) => valueFrom.secretKeyRef)).toEqual([{ name: of('Secret')[0].metadata.name, key: 'password' }]);
  });

  it('run the image of the default version as its own user, on the volume', () => {
    expect(container).toMatchObject({ image: DATABASE_ENGINES[type].versions[DEFAULT_VERSIONS[type]], resources: { limits: { cpu: '1000m', memory: '2048Mi' } }, volumeMounts: [{ mountPath: DATABASE_ENGINES[type].mount }] });
    expect(set.spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: DATABASE_ENGINES[type].uid });
    expect(set.spec.template.spec.automountServiceAccountToken).toBe(false);
    expect(container.command.slice(0, 2)).toEqual(['sh', '-c']);
    expect(container.args).toEqual([...DATABASE_ENGINES[type].args, ...DATABASE_ENGINES[type].memoryArgs(2 * 2 ** 30)]);
  });

  it('run nothing while it is stopped', () => {
    expect((databaseManifests(workload(type, { stopped: true })).find(({ kind }) => kind === 'StatefulSet') as any).spec.replicas).toBe(0);
    expect(set.spec.replicas).toBe(1);
  });

  it('are reached by an address that a client can parse', () => {
    const url = new URL(connectionUrl(type, 'my-db', PASSWORD));
    expect([url.hostname, url.password, Number(url.port)]).toEqual(['my-db', PASSWORD, DATABASE_ENGINES[type].port]);
  });
});

it('an engine takes its share of the memory that its database has', () => {
  const taken = (type: DatabaseType, memory: string) => (databaseManifests(workload(type, { database: { ...workload(type).database, resources: { cpu: '1', memory } } })) as any[]).at(-1).spec.template.spec.containers[0].args.join(' ');
  expect(taken(DatabaseType.POSTGRES, '8Gi')).toBe('postgres -c shared_buffers=2048MB');
  expect(taken(DatabaseType.MARIADB, '512Mi')).toContain('--innodb-buffer-pool-size=204M');
  expect(taken(DatabaseType.MYSQL, '512Mi')).toContain('--innodb-buffer-pool-size=128M --performance-schema=OFF');
  expect(taken(DatabaseType.MYSQL, '2Gi')).not.toContain('performance-schema');
  expect(taken(DatabaseType.REDIS, '512Mi')).toContain('--maxmemory 384mb');
});

it('every size has more of everything than the one before it', () => {
  const memory = Object.values(DATABASE_SIZES).map((size) => parseFloat(size.memory) * (size.memory.endsWith('Gi') ? 1024 : 1));
  const storage = Object.values(DATABASE_SIZES).map((size) => parseFloat(size.storage));
  for (const values of [memory, storage]) expect([...values].sort((a, b) => a - b)).toEqual(values);
});
