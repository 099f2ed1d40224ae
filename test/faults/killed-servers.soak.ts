import { killedServers } from './killed-servers.js';

killedServers(100);
