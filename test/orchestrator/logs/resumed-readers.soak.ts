import { resumedReaders } from './resumed-readers.js';

resumedReaders({ replicas: 3, containerRestarts: 10, serverKills: 3, socketKills: 100, everyMs: 1_200 });
