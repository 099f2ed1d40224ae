import { expect, test } from '@jest/globals';
import { rotateUnderWrites } from './rotation-under-writes.js';

const WRITES = 3_000;
const PER_SECOND = 50;

test('a minute of 50 writes a second, and rotations one after the other all the while', async () => {
  const { writesASecond, rotations, ...result } = await rotateUnderWrites({ writes: WRITES, perSecond: PER_SECOND });
  process.stdout.write(`rotation: ${result.writes} writes at ${writesASecond} a second, ${rotations.length} rotations of ${rotations.reduce((sum, steps) => sum + steps, 0)} steps, ${result.refused.length} refused, ${result.lost.length} lost, ${result.left} left behind\n`);
  expect(result).toMatchObject({ refused: [], writes: WRITES, lost: [], left: 0, oldKeyRefused: expect.stringContaining('is not the key of this installation') });
  expect(writesASecond).toBeGreaterThanOrEqual(PER_SECOND - 2);
}, 300_000);
