import { resumedReaders } from './resumed-readers.js';

resumedReaders({ replicas: 2, containerRestarts: 2, serverKills: 1, socketKills: 8, everyMs: 500 });
