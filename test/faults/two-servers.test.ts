import { twoServers } from './two-servers.js';

twoServers({ services: 4, changesPerSecond: 4, seconds: 4, stoppedSeconds: 16 });
