import { engineBackups } from './engine-backups.js';

engineBackups(['postgres', 'mariadb', 'redis']);
