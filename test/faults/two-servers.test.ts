import { twoServers } from './two-servers.js';

twoServers({ services: 6, changesPerSecond: 4, seconds: 5, stoppedSeconds: 17 });
