import { beforeAll } from '@jest/globals';
import { seedImages } from '../../../src/node/images.js';
import { CACHE } from '../../node/live-cluster.js';
import { engineBackups } from './engine-backups.js';
import { engineLife } from './engine-life.js';
import { fullVolume } from './full-volume.js';

/** The one that Debian has, in its unstable suite: the image is made where this soak runs, and nowhere else. */
const VERSION = '9.7';

beforeAll(() => seedImages({ cacheDir: CACHE, only: ['mysql'] }), 300_000);

engineLife(['mysql'], VERSION);
engineBackups(['mysql'], VERSION);
fullVolume(['mysql'], VERSION);
