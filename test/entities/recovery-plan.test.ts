import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BackupPlace } from '../../src/entities/backup-place.js';
import { PointInTimeRecovery } from '../../src/entities/point-in-time-recovery.js';
import { RecoveryPartKind } from '../../src/entities/recovery-part-kind.js';
import { RecoveryPart } from '../../src/entities/recovery-part.js';
import { planRecovery } from '../../src/entities/recovery-plan.js';
import { TestApi } from '../support/test-api.js';
import { createWorld, type World } from '../support/world.js';

/** The world's database has a base of 2025, and one segment with all that was committed until February of 2026. */
describe('what brings a database to a time', () => {
  let api: TestApi;
  let world: World;

  beforeAll(async () => {
    api = await TestApi.start();
    world = await createWorld(api, await api.account('Ada'));
  });
  afterAll(() => api?.stop());

  const archive = async (segment: number, reachedAt: string | null): Promise<void> => {
    const part = Object.assign(new RecoveryPart(), { teamId: world.teamId, databaseId: world.databaseId, chain: 1, kind: RecoveryPartKind.SEGMENT, segment, name: `segment ${segment}`, reachedAt: reachedAt && new Date(reachedAt), size: 1, contentSize: 1, place: BackupPlace.VOLUME, sealedKey: 'sealed' });
    await api.em.persist(part).flush();
  };
  const plan = async (time: string): Promise<{ segments: number[]; target: string | undefined }> => {
    const em = api.em;
    const { segments, target } = await planRecovery(em, await em.findOneOrFail(PointInTimeRecovery, { databaseId: world.databaseId }), new Date(time));
    return { segments: segments.map(({ segment }) => segment), target: target?.toISOString() };
  };

  it('is all that was archived where nothing was committed later', async () => {
    expect(await plan('2026-01-01T00:00:00Z')).toEqual({ segments: [1], target: '2026-01-01T00:00:00.000Z' });
    expect(await plan('2026-06-01T00:00:00Z')).toEqual({ segments: [1], target: undefined });
  });

  it('is nothing of a look that is still under way: that was committed later', async () => {
    await archive(2, null);
    expect(await plan('2026-06-01T00:00:00Z')).toEqual({ segments: [1], target: undefined });
    await archive(3, '2026-10-01T00:00:00Z');
    expect(await plan('2026-06-01T00:00:00Z')).toEqual({ segments: [1, 2, 3], target: '2026-06-01T00:00:00.000Z' });
  });

  it('is refused where a segment is missing', async () => {
    await archive(5, '2026-11-01T00:00:00Z');
    await expect(plan('2026-10-15T00:00:00Z')).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringMatching(/is not whole/) });
  });
});
