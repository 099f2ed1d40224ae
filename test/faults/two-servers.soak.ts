import { twoServers } from './two-servers.js';

twoServers({ services: 200, changesPerSecond: 20, seconds: 120, stoppedSeconds: 60 });
