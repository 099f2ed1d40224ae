import { singleWriter } from './single-writer.js';

singleWriter(['mariadb', 'redis'], 20);
