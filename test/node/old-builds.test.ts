import { expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeOldBuilds } from '../../src/node/old-builds.js';

it('keeps the three newest builds of the cluster, and whatever else is in the cache', () => {
  const cache = mkdtempSync(join(tmpdir(), 'apex-cache-'));
  try {
    for (const [name, minute] of [['cluster-00000000000000aa', 1], ['cluster-00000000000000bb', 4], ['cluster-00000000000000cc', 2], ['cluster-00000000000000dd', 3], ['node24', 0]] as const) {
      const bin = join(cache, name, 'bin');
      mkdirSync(bin, { recursive: true });
      utimesSync(bin, minute * 60, minute * 60);
    }
    removeOldBuilds(cache);
    expect(readdirSync(cache).sort()).toEqual(['cluster-00000000000000bb', 'cluster-00000000000000cc', 'cluster-00000000000000dd', 'node24']);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});
